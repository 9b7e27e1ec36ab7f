"""What a search is said to cost before its first child is done."""

import json
import re

import gymnasium
import numpy as np
import pytest

import nas_env  # noqa: F401 - registers the environments
from agents import make_config
from nas_env.command_line.train import main
from nas_env.evaluation._rehearsal import Rehearsal
from nas_env.search.estimate import estimate
from nas_env.search.loop import Depth

DIGITS = {
    "id": "NAS-Digits-v0",
    "layers": 2,
    "recipe": {"epochs": 4, "batch_size": 100, "precision": "float32"},
}
SHORT = ["--space.layers", "1", "--task.train-size", "64", "--recipe.epochs", "2"]


class Rehearsed:
    """Stands for a machine of a known speed: what is asked for a rehearsal, and its answer."""

    def __init__(self, monkeypatch, problem, found):
        self.asked = []
        monkeypatch.setattr(problem.evaluator, "rehearse", self.rehearse)
        self.found = found

    def rehearse(self, request, times):
        self.asked.append((request, times))
        return self.found


@pytest.fixture
def problem_of():
    made = []

    def make(**keywords):
        made.append(gymnasium.make(**keywords))
        return made[-1].unwrapped.problem

    yield make
    for environment in made:
        environment.close()


def flops(problem, architecture):
    return problem.space.cost(architecture, problem.task.input_shape, problem.task.outputs).flops


def test_the_cost_is_what_was_rehearsed_times_the_flops(problem_of, monkeypatch):
    problem = problem_of(**DIGITS)
    found = [Rehearsal(1.0, 30.0, 4.0, 1_000), Rehearsal(1.0, 50.0, 8.0, 1_000)]
    rehearsed = Rehearsed(monkeypatch, problem, found)
    told = estimate(problem, range(20, 120), lambda episode: None, 2)
    ((request, times),) = rehearsed.asked
    assert times == 2
    rng = np.random.default_rng(0)
    sampled = [problem.space.decode(problem.space.sample(rng)) for _ in range(16)]
    mean = sum(flops(problem, each) for each in sampled) / 16
    ratio = mean / flops(problem, problem.space.parse(request.architecture))
    assert 0.5 < ratio < 2, "the child that is rehearsed is a typical one"
    assert told.seconds == pytest.approx(ratio * (1 + 40 + 6))
    assert told.children == 100
    assert told.total == pytest.approx(told.seconds * 100 / 2)
    assert told.shorter == pytest.approx(
        {
            "--recipe.epochs 2": ratio * (1 + 20 + 3),
            "--task.train-size 500": ratio * (1 + 20 + 6),
        }
    )


def test_only_options_that_shorten_a_child_are_named(problem_of, monkeypatch):
    """With 300 images an epoch, half of the training images are still as many."""
    recipe = {**DIGITS["recipe"], "epochs": 1, "images": 300}
    problem = problem_of(**{**DIGITS, "recipe": recipe})
    Rehearsed(monkeypatch, problem, [Rehearsal(0.0, 30.0, 1.0, 1_000)])
    told = estimate(problem, range(10), lambda episode: None, 1)
    assert list(told.shorter) == ["--recipe.images 150"]


def test_a_text_that_is_limited_is_shortened_by_its_symbols(problem_of, monkeypatch):
    problem = problem_of(id="NAS-PyDocs-v0", hidden=4, recipe={"symbols": 10_000, "epochs": 2})
    Rehearsed(monkeypatch, problem, [Rehearsal(0.0, 30.0, 1.0, 69_000)])
    told = estimate(problem, range(10), lambda episode: None, 1)
    assert list(told.shorter) == ["--recipe.epochs 1", "--recipe.symbols 5000"]


def test_children_of_a_depth_schedule_cost_what_their_depths_do(problem_of, monkeypatch):
    problem = problem_of(**{**DIGITS, "layers": 6})
    rehearsed = Rehearsed(monkeypatch, problem, [Rehearsal(0.0, 1.0, 0.0, 1_000)])
    depth = Depth(first=1, step=5, every=100)

    def layers(episode):
        return depth.at(episode, 6)[0]["layers"]

    estimate(problem, range(100), layers, 1)
    estimate(problem, range(100, 200), layers, 1)
    depths = [len(request.architecture["layers"]) for request, _ in rehearsed.asked]
    assert depths == [1, 6]


def test_children_that_are_too_large_cost_nothing(problem_of, monkeypatch):
    task = {"name": "digits", "max_parameters": 1}
    problem = problem_of(**{**DIGITS, "task": task})
    rehearsed = Rehearsed(monkeypatch, problem, [Rehearsal(0.0, 1.0, 0.0, 1_000)])
    assert estimate(problem, range(10), lambda episode: None, 1) is None
    assert rehearsed.asked == []


def test_nothing_is_said_of_a_table(problem_of):
    problem = problem_of(id="NAS-Bench-Digits-v0")
    assert estimate(problem, range(10), lambda episode: None, 1) is None


def test_nothing_is_said_where_no_child_is_left(problem_of):
    assert estimate(problem_of(**DIGITS), range(10, 10), lambda episode: None, 1) is None


@pytest.mark.parametrize(("agent", "expected"), [("reinforce", 6), ("evolution", 3), ("a2c", 3)])
def test_how_many_children_an_agent_has_on_their_way(agent, expected):
    ahead = {"ahead": 1} if expected == 6 else {}
    assert make_config({"name": agent, "batch_size": 3, **ahead})[1].children_at_once == expected


def test_a_search_tells_its_cost_before_its_first_child(tmp_path, capsys, monkeypatch):
    run = ["--run", str(tmp_path / "run")]
    first = "nas_env.evaluation.in_process.evaluate"
    said = []

    def evaluate(*arguments):
        said.append(capsys.readouterr().out)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(first, evaluate)
        assert main(["--children", "6", "--workers", "0", *SHORT, *run]) == 130
    seconds, shorter = said[0].splitlines()
    assert re.fullmatch(r"about \S+ s a child; 6 children: about \S+ s, until \d\d:\d\d.*", seconds)
    assert re.match(r"shorter: --recipe.epochs 1 \(\S+ s a child\)", shorter)
    assert main(["--resume", *run]) == 0
    assert "; 6 children: " in capsys.readouterr().out
    assert main(["--resume", *run, "--children", "8"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "; 2 children: " in lines[0]
    assert not any(line.startswith("shorter: ") for line in lines), "a run keeps its options"
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["estimated_seconds_a_child"] > 0
    assert summary["seconds_a_child"] > 0


def test_a_quiet_search_estimates_nothing(tmp_path):
    run = tmp_path / "run"
    assert main(["--children", "1", "--workers", "0", *SHORT, "--quiet", "--run", str(run)]) == 0
    assert json.loads((run / "summary.json").read_text())["estimated_seconds_a_child"] is None
