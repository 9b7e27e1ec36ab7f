"""Searches beside their random controls: means of the best, the command, its files."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from nas_env.command_line.train import main as train
from nas_env.controls.__main__ import main
from nas_env.controls.curves import Pair, Played, best_means, over_children, over_seconds
from nas_env.run.store import open_store

NAN = float("nan")
TABLE = ["--env", "NAS-Bench-Digits-v0", "--quiet"]


def played(values, names=None, seconds=None):
    names = names or [str(place) for place in range(len(values))]
    return Played(np.array(values), names, np.array(seconds or [1.0] * len(values)))


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Three searches of a table, each with its control."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in range(3):
        line = ["--children", "30", "--seed", str(seed), "--control", "random"]
        assert train([*TABLE, *line, "--run", str(folder / str(seed))]) == 0
    return [folder / str(seed) for seed in range(3)]


@pytest.fixture
def runs(searched, tmp_path):
    """Copies that a test may change."""
    return [shutil.copytree(run, tmp_path / f"run-{run.name}") for run in searched]


def words(*parts):
    return [str(part) for part in parts]


# -- the mean of the best ------------------------------------------------------------------------
def naive(values, names, count, maximise):
    """The mean of the best different ones, sorted anew after each child."""
    means = []
    for end in range(1, len(values) + 1):
        first = {n: v for v, n in reversed([*zip(values[:end], names[:end], strict=True)])}
        best = sorted((v for v in first.values() if not np.isnan(v)), reverse=maximise)[:count]
        means.append(np.mean(best) if len(best) == count else NAN)
    return means


@pytest.mark.parametrize("maximise", [True, False])
@pytest.mark.parametrize("count", [1, 5, 15])
def test_the_mean_of_the_best_is_that_of_sorting(count, maximise):
    rng = np.random.default_rng(count)
    names = [str(name) for name in rng.integers(0, 40, 80)]
    value = {name: NAN if rng.random() < 0.1 else rng.random() for name in names}
    values = [value[name] for name in names]
    expected = naive(values, names, count, maximise)
    np.testing.assert_allclose(best_means(played(values, names), count, maximise), expected)


def test_a_network_counts_once():
    means = best_means(played([0.9, 0.9, 0.5], ["a", "a", "b"]), 2, maximise=True)
    np.testing.assert_allclose(means, [NAN, NAN, 0.7])


def test_a_network_that_failed_and_then_succeeded_counts():
    means = best_means(played([NAN, 0.9], ["a", "a"]), 1, maximise=True)
    np.testing.assert_allclose(means, [NAN, 0.9])


def test_the_advantage_is_positive_where_the_agent_is_better():
    pair = Pair(played([100.0, 80.0]), played([100.0, 90.0]))
    for maximise, expected in ((False, [0.0, 10.0]), (True, [0.0, 0.0])):
        curve = over_children([pair], 1, maximise)
        assert curve.advantage.tolist() == [expected]


def test_a_curve_begins_where_all_searches_have_so_many():
    early, late = played([1.0, 2.0, 3.0]), played([1.0, 2.0, 3.0], ["a", "a", "b"])
    curve = over_children([Pair(early, late)], 2, maximise=True)
    assert curve.x.tolist() == [3] and curve.agent.tolist() == [[2.5]]
    assert over_children([Pair(early, late)], 3, maximise=True) is None


def test_a_long_curve_is_thinned():
    long = played(list(np.arange(5_000.0)))
    curve = over_children([Pair(long, long)], 2, maximise=True)
    few = curve.thinned(10)
    assert few.x[[0, -1]].tolist() == [2, 5_000] and len(few.x) == 10
    assert few.agent[0, -1] == curve.agent[0, -1]
    short = over_children([Pair(long.first(7), long.first(7))], 1, maximise=True)
    assert short.thinned(10).x.tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_repeated_children_cost_no_seconds():
    agent = played([1.0, 1.0, 2.0], ["a", "a", "b"], [5.0, 5.0, 5.0])
    control = played([1.0, 3.0, 4.0], seconds=[2.0, 2.0, 16.0])
    assert agent.times.tolist() == [5.0, 5.0, 10.0]
    curve = over_seconds([Pair(agent, control)], 1, maximise=True)
    assert (curve.x[0], curve.x[-1]) == (5.0, 10.0)  # until the cheaper one ends
    assert (curve.agent[0, -1], curve.control[0, -1]) == (2.0, 3.0)


def test_there_is_no_curve_over_seconds_that_nobody_measured():
    unknown = played([1.0, 2.0], seconds=[NAN, NAN])
    assert over_seconds([Pair(unknown, unknown)], 1, maximise=True) is None


# -- the command ---------------------------------------------------------------------------------
def test_figures_of_several_runs(searched, tmp_path, capsys):
    """They are those of the stores; the interval is Student's over the pairs."""
    assert main(words(*searched, "--top", "1", "5", "--out", tmp_path / "out")) == 0
    found = json.loads((tmp_path / "out" / "controls.json").read_text())
    assert found["metric"] == "validation_accuracy" and found["children"] == 30
    assert [run["seed"] for run in found["runs"]] == [0, 1, 2]
    end = found["top"]["1"]["after_children"]
    for run, agent, control in zip(
        searched, end["agent"]["each"], end["random_search"]["each"], strict=True
    ):
        summary = json.loads((run / "summary.json").read_text())
        best = summary["best"]["validation_accuracy"]
        assert agent == pytest.approx(best, abs=1e-6)
        best = summary["random_search"]["best"]["validation_accuracy"]
        assert control == pytest.approx(best, abs=1e-6)
    ahead = np.subtract(end["agent"]["each"], end["random_search"]["each"])
    half = 4.302653 * ahead.std(ddof=1) / np.sqrt(3)
    assert end["advantage"]["mean"] == pytest.approx(ahead.mean(), abs=1e-6)
    assert end["advantage"]["high"] == pytest.approx(ahead.mean() + half, abs=1e-6)
    assert found["top"]["5"]["over_seconds"]["at"]
    printed = capsys.readouterr().out
    assert "After 30 children the mean of the best 5 of reinforce" in printed
    for name in ("controls.png", "controls.svg"):
        assert (tmp_path / "out" / name).stat().st_size > 10_000


def test_one_run_has_no_interval(runs, capsys):
    assert main(words(runs[0])) == 0
    found = json.loads((runs[0] / "controls.json").read_text())
    assert found["top"]["1"]["after_children"]["advantage"]["low"] is None
    assert "a single run does not tell" in capsys.readouterr().out
    assert main(words(runs[0], "--quiet")) == 0 and capsys.readouterr().out == ""


def test_a_shared_store(tmp_path):
    """Two runs in one file are told apart."""
    store = tmp_path / "all.sqlite"
    for seed in "01":
        line = ["--children", "6", "--seed", seed, "--control", "random", "--store", str(store)]
        assert train([*TABLE, *line, "--run", str(tmp_path / seed)]) == 0
    assert main(words(tmp_path / "0", tmp_path / "1", "--top", "1", "--quiet")) == 0
    found = json.loads((tmp_path / "0" / "controls.json").read_text())
    best = [
        json.loads((tmp_path / seed / "summary.json").read_text())["best"]["validation_accuracy"]
        for seed in "01"
    ]
    each = found["top"]["1"]["after_children"]["agent"]["each"]
    assert each == pytest.approx(best, abs=1e-6)


def test_children_that_are_trained_have_seconds(tmp_path):
    run = tmp_path / "run"
    few = ["--task.train-size", "64", "--recipe.epochs", "1", "--workers", "0", "--quiet"]
    assert train([*few, "--children", "3", "--control", "random", "--run", str(run)]) == 0
    assert main(words(run, "--top", "1", "--quiet")) == 0
    found = json.loads((run / "controls.json").read_text())
    assert found["runs"][0]["agent"]["seconds"] > 0


def test_what_is_left_out_is_said(runs, tmp_path, capsys):
    """A number that a search has not, and children that not all have."""
    longer = ["--run", str(runs[0]), "--resume", "--children", "40", "--quiet"]
    assert train(longer) == 0
    assert main(words(*runs, "--top", "1", "1000")) == 0
    printed = capsys.readouterr().out
    assert "left out: the mean of the best 1000" in printed
    assert "compared over 30 children, which all searches have; the longest has 40" in printed


def changed(run, change):
    config = json.loads((run / "config.json").read_text())
    change(config)
    (run / "config.json").write_text(json.dumps(config))


def test_bad_input_gets_one_line(runs, tmp_path, capsys):
    alone = tmp_path / "alone"
    assert train([*TABLE, "--children", "2", "--run", str(alone)]) == 0
    given = {
        (): "RUNS",
        (tmp_path / "nowhere",): "holds no run",
        (alone,): f"nas-train --run {alone} --resume --control random",
        (runs[0], runs[0]): "have the same seed, 0",
        (runs[0], "--top", "0"): "--top is 0, expected 1 or more",
        (runs[0], "--top", *range(1, 10)): "--top has 9 numbers, expected at most 8",
        (runs[0], "--top", "99"): "--top 99: there is a search",
        (runs[0], "--tops", "1"): "did you mean --top",
        (runs[0], "--top", "x"): "--top",
        (runs[0], "--out", "/proc/nothing"): "/proc/nothing",
        (runs[0], "--out", runs[0] / "config.json"): "config.json",
    }
    for line, says in given.items():
        assert main(words(*line)) == 2
        (error,) = capsys.readouterr().err.splitlines()
        assert says in error and error.startswith("nas-controls: ")
    assert not (runs[0] / "controls.json").exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c["agent"].update(units=7), "agent.units 7, "),
        (lambda c: c["make"]["recipe"].update(noise="none"), "make.recipe.noise none, "),
        (lambda c: c.update(env="NAS-Digits-v0"), "env NAS-Digits-v0, "),
    ],
)
def test_runs_that_differ_in_more_than_their_seed(runs, capsys, change, says):
    changed(runs[1], change)
    assert main(words(*runs)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line and "differ in their seed alone" in line


def test_runs_may_differ_in_their_workers_and_their_store(runs):
    changed(runs[1], lambda c: c["make"]["evaluator"].update(workers=3))
    changed(runs[1], lambda c: c.update(store=str(runs[1] / "results.sqlite")))
    assert main(words(*runs[:2], "--top", "1", "--quiet")) == 0


def test_a_store_that_is_gone_is_not_made(runs, capsys):
    (runs[0] / "results.sqlite").unlink()
    assert main(words(runs[0])) == 2
    assert "is missing" in capsys.readouterr().err
    assert not (runs[0] / "results.sqlite").exists()


def test_a_run_without_a_child_that_succeeded(runs, capsys):
    config = json.loads((runs[0] / "config.json").read_text())
    store = open_store(runs[0] / "results.sqlite", f"{config['id']}-control")
    failed = [{**each, "status": "died", "metrics": {}} for each in store.episodes()]
    store.record_episodes(0, failed)
    store.close()
    assert main(words(runs[0])) == 2
    assert "no child of its control that succeeded" in capsys.readouterr().err


def test_it_runs_as_a_module(searched, tmp_path):
    line = [sys.executable, "-m", "nas_env.controls", str(searched[0]), "--out", str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "controls.png").is_file()
