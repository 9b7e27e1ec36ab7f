"""`--config FILE` and `--evaluator NAME`: a file of settings, and the command line on top."""

import json

import pytest

from nas_env.command_line.train import main
from tests import outside_evaluator

TINY = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2"]
TABLE = {"env": "NAS-Bench-Digits-v0", "children": 3}
COUNTING = "tests.outside_evaluator:Counting"
EVERY = {"checkpoint_every": 60.0}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(config):
    with open("file.json", "w") as file:
        json.dump(config, file)


def played(*words, run="run"):
    """The configuration of a run by these words, without its id."""
    assert main([*words, "--quiet", "--run", run]) == 0
    with open(f"{run}/config.json") as file:
        config = json.load(file)
    del config["id"]
    return config


def test_a_runs_own_configuration_gives_the_same_run(here):
    words = [
        "--children",
        "2",
        "--agent",
        "evolution",
        "--agent.population-size",
        "7",
        "--seed",
        "3",
    ]
    first = played(*words, *TINY, "--depth.first", "1", "--workers", "0", run="first")
    again = played("--config", "first/config.json", run="again")
    assert again == first
    with open("first/summary.json") as one, open("again/summary.json") as other:
        assert json.load(one)["best"] == json.load(other)["best"]


def test_the_command_line_goes_before_the_file(here):
    write({**TABLE, "seed": 1, "agent": {"name": "evolution", "population_size": 7}})
    config = played("--config", "file.json", "--seed", "2", "--agent.population-size", "9", run="a")
    assert (config["seed"], config["agent"]["population_size"], config["children"]) == (2, 9, 3)
    assert played("--config=file.json", run="b")["agent"]["population_size"] == 7
    other = played("--config", "file.json", "--agent", "random_search", run="c")
    assert other["agent"]["name"] == "random_search" and "population_size" not in other["agent"]
    assert played("--config", "file.json", "--agent.preset", "default", run="d")["agent"][
        "population_size"
    ] not in (7, 9)


def test_parts_of_parts_leave_the_rest_to_the_environment(here):
    make = {"task": {"train_size": 64}, "space": {"layers": 2}, "recipe": {"epochs": 1}}
    make["evaluator"] = "in_process"
    write({"children": 1, "agent": {"entropy": 0.5}, "make": make})
    config = played("--config", "file.json")
    assert config == played("--children", "1", *TINY, "--workers", "0", "--agent.entropy", "0.5",
                            run="b")  # fmt: skip
    assert config["make"]["evaluator"] == {"name": "in_process", **EVERY}


def test_an_objective_of_a_file(here):
    write({**TABLE, "make": {"objective": {"failure_reward": -1.0}}})
    own = {"name": "metric_itself", "failure_reward": -1.0, "metric_name": None}
    assert played("--config", "file.json")["make"]["objective"] == own
    again = played("--config", "file.json", "--objective.failure-reward", "-2", run="b")
    assert again["make"]["objective"] == {**own, "failure_reward": -2.0}
    write({**TABLE, "make": {"objective": "accuracy_cubed"}})
    other = played("--config", "file.json", run="c")["make"]["objective"]
    assert other["name"] == "accuracy_cubed"


def test_a_recipe_by_name_and_another_environment(here):
    write({"children": 1, "make": {"task": {"train_size": 64}, "recipe": "paper"}})
    table = played("--config", "file.json", "--env", "NAS-Bench-Digits-v0")["make"]
    assert table["task"]["name"] == "nas_bench_digits", "another environment has its own task"


def test_resuming_with_the_same_file_or_one_that_differs(here, capsys):
    write(TABLE)
    first = played("--config", "file.json")
    assert played("--config", "file.json", "--resume") == first
    write({**TABLE, "seed": 4})
    assert main(["--config", "file.json", "--resume", "--run", "run"]) == 2
    assert "--seed is 4, the run has 0" in capsys.readouterr().err
    write({**TABLE, "agent": "evolution"})
    assert main(["--config", "file.json", "--resume", "--run", "run"]) == 2
    assert "--agent is evolution, the run has reinforce" in capsys.readouterr().err


# -- evaluators ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "spec"),
    [
        (["--workers", "0"], {"name": "in_process", **EVERY}),
        (["--workers", "0", "--checkpoint-every", "9"],
         {"name": "in_process", "checkpoint_every": 9.0}),
        (["--evaluator", "in_process"], {"name": "in_process", **EVERY}),
        (["--evaluator", COUNTING], {"name": COUNTING, **EVERY, "rounds": 1, "seed": 5}),
        (["--evaluator", COUNTING, "--evaluator.rounds", "2"],
         {"name": COUNTING, **EVERY, "rounds": 2, "seed": 5}),
    ],
)  # fmt: skip
def test_an_evaluator_by_name_with_its_settings(here, words, spec):
    outside_evaluator.trained.clear()
    assert played("--children", "1", *TINY, *words)["make"]["evaluator"] == spec
    assert [settings.rounds for settings in outside_evaluator.trained] == [
        spec[name] for name in ("rounds",) if name in spec
    ]


def test_workers_by_name_and_by_the_long_names_of_their_settings(here):
    words = ["--children", "1", *TINY, "--evaluator", "workers", "--evaluator.workers", "1"]
    found = played(*words, "--time-limit", "90")["make"]["evaluator"]
    assert (found["name"], found["workers"], found["time_limit"]) == ("workers", 1, 90.0)


def test_a_run_is_resumed_by_another_evaluator(here):
    words = ["--children", "2", *TINY]
    first = played(*words, "--evaluator", COUNTING, "--evaluator.rounds", "3")
    assert played(*words, "--resume") == first
    assert played("--resume", "--evaluator.rounds", "4")["make"]["evaluator"]["rounds"] == 4
    assert played("--resume", "--evaluator", "in_process")["make"]["evaluator"] == {
        "name": "in_process",
        **EVERY,
    }
    assert played("--resume", "--workers", "2")["make"]["evaluator"]["workers"] == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--evaluator", "worker"], "unknown evaluator 'worker': did you mean 'workers'?"),
        (["--evaluator", "tests.outside_evaluator:Rounds"], "is not a subclass of Evaluator"),
        (["--evaluator", COUNTING, "--evaluator.rounds", "0"], "rounds is 0, expected at least 1"),
        (["--evaluator", COUNTING, "--evaluator.round", "1"], "did you mean --evaluator.rounds?"),
        (["--evaluator", COUNTING, "--workers", "1"], "unknown option --workers"),
        (["--evaluator", "workers", "--workers", "0"], "workers is 0, expected at least 1"),
        (["--workers", "-1"], "workers is -1, expected at least 1"),
        (["--workers", "few"], "--workers"),
        (["--env", "NAS-Bench-Digits-v0", "--evaluator", "workers"], "evaluator is"),
        (["--evaluator", "table"], "evaluator is"),
    ],
)
def test_a_wrong_evaluator_gets_one_line(here, capsys, words, says):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1, error
    assert list(here.iterdir()) == []
