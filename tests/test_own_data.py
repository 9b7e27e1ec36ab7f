"""A search on one's own data: the task is settled first, and all else follows from it."""

import json
import re
import shutil

import gymnasium
import numpy as np
import pytest
from scipy.stats import binomtest

from nas_env.command_line.train import main
from nas_env.errors import DataInvalid
from nas_env.metrics import accuracy_interval
from nas_env.run.store import open_store
from nas_env.tasks.digits import Digits
from tests import outside_dots
from tests.outside_dots import ID, draw, reads

SEARCH = ["--env", ID, "--agent", "random_search", "--children", "2", "--workers", "0"]
RUN = ["--quiet", "--run", "run"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reads.clear()
    return tmp_path


def config_of(run="run"):
    with open(f"{run}/config.json") as file:
        return json.load(file)


def refused(capsys, *words):
    """The one line by which a command line is refused."""
    assert main([*words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_space_and_recipe_follow_from_the_data(here):
    draw("dots.npy", count=60)
    assert main([*SEARCH, "--task.path", "dots.npy", *RUN]) == 0
    config = config_of()
    assert config["make"]["task"]["path"] == str(here / "dots.npy")
    assert len(config["make"]["task"]["content"]) == 16
    assert config["make"]["space"]["layers"] == 2
    assert config["make"]["recipe"]["epochs"] == 3


def test_what_the_command_line_says_goes_before_what_follows_from_the_data(here):
    draw("dots.npy", count=60)
    words = ["--task.path=dots.npy", "--space.layers", "1", "--recipe.epochs", "1"]
    assert main([*SEARCH, *words, *RUN]) == 0
    make = config_of()["make"]
    assert (make["space"]["layers"], make["recipe"]["epochs"]) == (1, 1)


def test_the_data_is_read_for_its_content_once(here):
    draw("dots.npy")
    with pytest.raises(SystemExit):
        main([*SEARCH, "--task.path", "dots.npy", "--help"])
    assert len(reads) == 1
    outside_dots.Dots(str(here / "dots.npy")).settled()
    reads.clear()
    task = {"path": "dots.npy", "content": "0123456789abcdef"}
    gymnasium.make("Dots-v0", task=task).close()
    assert not reads


@pytest.mark.parametrize("help", ["--help", "--help-all"])
@pytest.mark.parametrize(
    "words, layers",
    [([], 1), (["--task.path", "dots.npy"], 3), (["--task.path", "nowhere.npy"], 1)],
)
def test_help_with_and_without_data(here, capsys, help, words, layers):
    draw("dots.npy", count=90)
    with pytest.raises(SystemExit) as stopped:
        main(["--env", ID, *words, help])
    assert stopped.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "--task.path" in shown
    if help == "--help-all":
        assert re.search(rf"--space.layers INT [^(]*\(default: {layers}\)", shown)


def test_without_a_path_one_line_says_what_to_give(here, capsys):
    assert "task.path is missing: give a file of pictures" in refused(capsys, *SEARCH)
    assert "nowhere.npy is not a file" in refused(capsys, *SEARCH, "--task.path", "nowhere.npy")
    line = refused(capsys, *SEARCH, "--task.pth", "dots.npy")
    assert "unknown option --task.pth: did you mean --task.path?" in line
    draw("dots.npy")
    line = refused(capsys, *SEARCH, "--task.path", "dots.npy", "--task.size", "many")
    assert "--task.size" in line
    assert sorted(path.name for path in here.iterdir()) == ["dots.npy"]


def test_a_file_of_settings_names_the_data(here, capsys):
    draw("dots.npy")
    config = {"env": ID, "children": 1, "agent": "random_search"}
    make = {"task": {"path": "dots.npy"}, "evaluator": "in_process"}
    (here / "file.json").write_text(json.dumps({**config, "make": make}))
    assert main(["--config", "file.json", *RUN]) == 0
    draw("other.npy", count=90)
    words = ["--config", "run/config.json", "--space.layers", "1", "--recipe.epochs", "1"]
    assert main([*words, "--task.path", "other.npy", "--quiet", "--run", "other"]) == 0
    first, other = config_of()["make"], config_of("other")["make"]
    assert first["task"]["content"] != other["task"]["content"], "other data has its own"


def test_a_run_is_resumed_on_the_same_data_only(here, capsys):
    draw("dots.npy")
    words = [*SEARCH, "--task.path", "dots.npy", *RUN]
    assert main(words) == 0
    before = config_of()
    assert main([*words, "--resume"]) == 0
    draw("dots.npy", seed=1)
    longer = ["--resume", "--children", "3"]
    assert "dots.npy has changed" in refused(capsys, *words[:4], *RUN, *longer)
    assert "dots.npy has changed" in refused(capsys, "--run", "run", *longer)
    assert config_of() == before, "nothing was changed"
    draw("dots.npy")
    shutil.move("dots.npy", "moved.npy")
    assert main(["--run", "run", *longer, "--task.path", "moved.npy", "--quiet"]) == 0
    draw("other.npy", seed=2)
    line = refused(capsys, "--run", "run", "--resume", "--task.path", "other.npy")
    assert "the data is not the run's: --task.content is" in line and "the run has" in line


def test_an_environment_refuses_data_that_has_changed(here):
    draw("dots.npy")
    env = gymnasium.make("Dots-v0", task={"path": "dots.npy"}, device="cpu")
    again = gymnasium.make(env.spec)
    env.reset()
    assert again.unwrapped.problem.task == env.unwrapped.problem.task
    task = env.unwrapped.problem.task.spec
    draw("dots.npy", seed=1)
    changed = gymnasium.make("Dots-v0", task=task, device="cpu")
    with pytest.raises(DataInvalid, match=r"dots\.npy has changed"):
        changed.reset()
    for made in (env, again, changed):
        made.close()
    assert np.load("dots.npy").shape == (60, 8, 8)


# -- what a person is told of the data, and what a run keeps --------------------------------------
def test_a_search_tells_of_its_data_before_its_cost(here, capsys):
    draw("dots.npy")
    words = [*SEARCH, "--task.path", "dots.npy", "--run", "run", "--control", "random"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["60 pictures", "left and right"]
    assert lines[2].startswith("about ")
    assert re.match(r"shorter: --recipe.epochs 1 .*, --task.size 4 \(", lines[3])
    assert lines.count("60 pictures") == 1, "the control has the same data"
    assert main([*SEARCH, "--task.path", "dots.npy", "--quiet", "--run", "quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_a_run_keeps_the_facts_of_its_data(here, capsys, monkeypatch):
    draw("dots.npy")

    def stop(*arguments):
        raise KeyboardInterrupt

    words = [*SEARCH, "--task.path", "dots.npy"]
    with monkeypatch.context() as patch:
        patch.setattr("nas_env.evaluation.in_process.evaluate", stop)
        assert main([*words, *RUN]) == 130
    facts = json.loads((here / "run" / "data.json").read_text())
    assert facts["classes"] == ["left", "right"]
    assert facts["content"] == config_of()["make"]["task"]["content"]
    assert facts["notes"] == ["60 pictures", "left and right"]
    words = ["--env", "NAS-Digits-v0", "--task.train-size", "64", "--recipe.epochs", "1"]
    assert main([*words, "--children", "1", "--workers", "0", "--quiet", "--run", "digits"]) == 0
    assert not (here / "digits" / "data.json").exists(), "nothing to tell"


def test_the_summary_has_an_interval_and_a_guess(here, capsys):
    draw("dots.npy")
    assert main([*SEARCH, "--task.path", "dots.npy", *RUN, "--control", "random"]) == 0
    summary = json.loads((here / "run" / "summary.json").read_text())
    for best in (summary["best"], summary["random_search"]["best"]):
        accuracy = best["validation_accuracy"]
        assert best["interval"] == pytest.approx([max(accuracy - 0.1, 0), min(accuracy + 0.1, 1)])
    assert summary["guessing"] == {"validation_accuracy": 0.5}
    assert main(["--resume", "--run", "run"]) == 0
    shown = capsys.readouterr().out
    low, high = summary["best"]["interval"]
    assert re.search(rf"95% interval.*{low:.4f} to {high:.4f}", shown)
    assert re.search(r"constant guess +│ +0\.5000", shown)


def test_the_notes_are_logged_from_python(here, caplog):
    draw("dots.npy")
    with caplog.at_level("INFO", logger="nas_env"):
        env = gymnasium.make("Dots-v0", task={"path": "dots.npy"}, device="cpu")
        env.reset()
        env.reset()
        env.close()
    assert [each.message for each in caplog.records] == ["60 pictures", "left and right"]


@pytest.mark.parametrize("right, count", [(0, 10), (7, 10), (120, 120), (9_132, 10_000)])
def test_the_interval_of_an_accuracy_is_wilsons(right, count):
    expected = binomtest(right, count).proportion_ci(method="wilson")
    found = accuracy_interval(right / count, count)
    assert found == pytest.approx((expected.low, expected.high), abs=1e-6)
    if count == 120:
        found_by_task = Digits(validation_size=120).interval({"validation_accuracy": 1.0})
        assert found_by_task == found


# -- an objective of another metric --------------------------------------------------------------
def test_an_objective_is_made_of_another_metric(here, capsys):
    draw("dots.npy")
    words = [*SEARCH, "--task.path", "dots.npy", "--store", "all.sqlite", "--quiet"]
    assert main([*words, "--run", "first"]) == 0
    other = ["--objective", "metric_itself", "--objective.metric-name", "validation_error"]
    assert main([*words, *other, "--run", "second"]) == 0
    first, second = (
        json.loads((here / run / "summary.json").read_text()) for run in ("first", "second")
    )
    best = second["best"]
    assert best["reward"] == -best["validation_error"] == best["validation_accuracy"] - 1
    assert config_of("second")["make"]["objective"]["metric_name"] == "validation_error"
    store = open_store("all.sqlite")
    assert len(list(store.evaluations())) == first["distinct"], "nothing is trained again"
    store.close()
    for name, says in (
        ("validation_eror", "unknown metric of the task 'validation_eror': did you mean"),
        ("validation_error", "accuracy_cubed is for a metric of which more is better"),
    ):
        words = ["--objective", "accuracy_cubed", "--objective.metric-name", name]
        assert says in refused(capsys, *SEARCH, "--task.path", "dots.npy", *words)
    line = refused(capsys, "--run", "first", "--resume", *other[2:])
    assert "--objective.metric-name is validation_error, the run has None" in line
