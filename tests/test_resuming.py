"""The same command goes on with a run; another one is refused; another budget lengthens it."""

import json
import shutil

import pytest
import torch

from agents import agent_names
from nas_env.command_line.train import main
from nas_env.run.folder import Run
from nas_env.run.store import open_store
from nas_env.search.checkpoint import read_checkpoint
from tests._killing import killed_at

TINY = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2", "--quiet"]
TABLE = ["--env", "NAS-Bench-Digits-v0", "--quiet"]
TIMES = (
    "seconds",
    "seconds_a_child",
    "estimated_seconds_a_child",
    "children_per_hour",
    "seconds_of_children",
    "utilisation",
)
COMMAND = [*TABLE, "--agent.preset", "paper", "--agent.learning-rate", "0.1", "--children", "8"]


def json_of(folder, name):
    return json.loads((folder / name).read_text())


def ended(folder):
    """All that a search ended with but its seconds: checkpoint, episodes, summary."""
    checkpoint = read_checkpoint(folder / "checkpoint")
    assert checkpoint is not None
    tensors = {name: tensor.tolist() for name, tensor in checkpoint.tensors.items()}
    config = json_of(folder, "config.json")
    store = open_store(config["store"] or folder / "results.sqlite", config["id"])
    played = [(e["tokens"], e["reward"]) for e in store.episodes()]
    store.close()
    return checkpoint.episodes, checkpoint.values, tensors, played


def summary_of(folder):
    summary = json_of(folder, "summary.json")
    for part in (summary, summary["random_search"]):
        for name in TIMES if part else ():
            part.pop(name, None)
    return summary


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run of COMMAND."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert main([*COMMAND, "--run", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("how", [["--resume"], ["--resume", "yes"], ["--resume=auto"]])
def test_the_same_command_goes_on(finished, how):
    before = ended(finished), json_of(finished, "config.json")
    assert main([*COMMAND, "--run", str(finished), *how]) == 0
    assert (ended(finished), json_of(finished, "config.json")) == before


OTHER = {
    "--agent.learning-rate 0.05": "--agent.learning-rate is 0.05, the run has 0.1",
    "--agent.preset default": "--agent.batch-size is 2, the run has 8",
    "--agent evolution": "--agent is evolution, the run has reinforce",
    "--env NAS-Digits-v0": "--env is NAS-Digits-v0, the run has NAS-Bench-Digits-v0",
    "--seed 3": "--seed is 3, the run has 0",
    "--space recurrent_cell": "--space is recurrent_cell, the run has convolutional",
    "--space.filters 6 12": "--space.filters is 6 12, the run has",
    "--depth.first 2": "--depth.first is 2, the run has 0",
    "--evaluation-seed 1": "--evaluation-seed is 1, the run has 0",
    "--recipe.fidelity 1": "--recipe.fidelity is 1, the run has",
    "--store elsewhere.sqlite": "the run has None",
    "--children 7": "--children is 7, the run has played 8",
    "--agent.learning-rat 0.1": "did you mean --agent.learning-rate?",
}


@pytest.mark.parametrize("change", OTHER)
def test_another_command_is_refused_by_option_and_both_values(finished, change, capsys):
    before = {path: path.read_bytes() for path in finished.rglob("*.json")}
    assert main(["--resume", "--run", str(finished), *change.split()]) == 2
    error = capsys.readouterr().err.strip()
    assert OTHER[change] in error and len(error.splitlines()) == 1
    assert before == {path: path.read_bytes() for path in finished.rglob("*.json")}


def test_what_cannot_change_a_number_may_change(tmp_path):
    run = ["--run", str(tmp_path / "run")]
    assert main([*TINY, "--children", "2", "--workers", "0", *run]) == 0
    before = ended(tmp_path / "run")
    changes = ["--workers", "1", "--time-limit", "50", "--memory-limit", "4", "--device", "cpu"]
    changes += ["--children-per-gpu", "2", "--track", "tensorboard", "--control", "random"]
    assert main(["--resume", "--quiet", *changes, *run]) == 0
    config = json_of(tmp_path / "run", "config.json")
    assert config["make"]["evaluator"]["time_limit"] == 50
    assert config["track"] == ["tensorboard"] and config["control"] == "random"
    assert summary_of(tmp_path / "run")["random_search"]["children"] == 2
    assert ended(tmp_path / "run") == before


def test_auto_begins_what_is_not_there_and_goes_on_with_what_is(tmp_path):
    run = ["--run", str(tmp_path / "run"), "--resume", "auto"]
    assert main([*COMMAND, *run]) == 0
    first = json_of(tmp_path / "run", "config.json")["id"]
    assert main([*COMMAND, *run]) == 0
    assert json_of(tmp_path / "run", "config.json")["id"] == first


@pytest.mark.parametrize("left", [(), ("lock",), ("lock", ".config.json.123")])
def test_auto_begins_in_what_an_earlier_attempt_left(tmp_path, left):
    for name in left:
        (tmp_path / name).touch()
    assert main([*COMMAND, "--run", str(tmp_path), "--resume", "auto"]) == 0
    assert json_of(tmp_path, "summary.json")["children"] == 8


def test_auto_touches_no_folder_of_other_files_and_no_run_in_use(tmp_path, capsys):
    (tmp_path / "thesis.tex").touch()
    assert main([*COMMAND, "--run", str(tmp_path), "--resume", "auto"]) == 2
    assert "holds other files" in capsys.readouterr().err
    run = Run.create(tmp_path / "run")
    assert main([*COMMAND, "--run", str(run.folder), "--resume", "auto"]) == 2
    assert "in use by process" in capsys.readouterr().err
    run.close()


@pytest.mark.parametrize("agent", agent_names())
def test_a_lengthened_run_is_one_of_that_length_to_the_last_digit(tmp_path, agent):
    """From fewer children than are played at once, and from within a batch and a rollout."""
    arguments = [*TABLE, "--agent", agent]
    whole, longer = ["--run", str(tmp_path / "whole")], ["--run", str(tmp_path / "longer")]
    assert main([*arguments, "--children", "44", *whole]) == 0
    assert main([*arguments, "--children", "3", *longer]) == 0
    for children in ("21", "44"):
        assert main(["--resume", "--quiet", "--children", children, *longer]) == 0
    assert ended(tmp_path / "longer") == ended(tmp_path / "whole")
    assert summary_of(tmp_path / "longer") == summary_of(tmp_path / "whole")


def test_a_lengthened_run_trains_no_child_twice_and_lengthens_its_control(tmp_path):
    arguments = [*TINY, "--workers", "0", "--control", "random"]
    whole, longer = ["--run", str(tmp_path / "whole")], ["--run", str(tmp_path / "longer")]
    assert main([*arguments, "--children", "4", *longer]) == 0
    before = evaluations(tmp_path / "longer")
    seconds = json_of(tmp_path / "longer", "summary.json")["seconds"]
    assert main([*arguments, "--children", "7", *longer, "--resume"]) == 0
    assert main([*arguments, "--children", "7", *whole]) == 0
    after = evaluations(tmp_path / "longer")
    assert {key: after[key] for key in before} == before, "with the seconds of the first training"
    assert json_of(tmp_path / "longer", "summary.json")["seconds"] > seconds
    assert summary_of(tmp_path / "longer") == summary_of(tmp_path / "whole")
    for part in ("", "control"):
        folders = [tmp_path / name / part for name in ("longer", "whole")]
        longer_checkpoint, checkpoint = (read_checkpoint(f / "checkpoint") for f in folders)
        assert longer_checkpoint.episodes == checkpoint.episodes == 7
        assert longer_checkpoint.values == checkpoint.values


def evaluations(folder):
    store = open_store(folder / "results.sqlite")
    found = {request.key: evaluation for request, evaluation in store.evaluations()}
    store.close()
    return found


def test_a_run_that_is_killed_while_it_is_lengthened_ends_as_one_of_that_length(tmp_path):
    """Before each of the first steps that last, and before a later one of the search."""
    arguments = [*TABLE, "--agent", "reinforce"]
    whole, short = tmp_path / "whole", tmp_path / "short"
    assert main([*arguments, "--children", "40", "--run", str(whole)]) == 0
    assert main([*arguments, "--children", "21", "--run", str(short)]) == 0
    torch.set_num_threads(1)
    for step in (*range(1, 20, 2), 30):
        longer = tmp_path / f"killed-{step}"
        shutil.copytree(short, longer)
        command = [*arguments, "--children", "40", "--run", str(longer), "--resume"]
        assert killed_at(step, lambda line=command: main(line))
        assert main(command) == 0
        assert ended(longer) == ended(whole), step
