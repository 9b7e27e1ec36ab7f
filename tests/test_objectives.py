"""What every objective keeps, and what those that ship give."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import nas_env  # noqa: F401 - registers the environments
from nas_env import InvalidValue, UnknownName
from nas_env.command_line.train import main
from nas_env.errors import StoreError
from nas_env.metrics import VALIDATION_ACCURACY, VALIDATION_PERPLEXITY, Metric
from nas_env.objectives import Objective, make_objective, objective_names
from nas_env.parts import task_objective
from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.run.store import open_store
from nas_env.tasks import make_task
from search_spaces import make_space

UP, DOWN = VALIDATION_ACCURACY, VALIDATION_PERPLEXITY
COST = {"parameters": 200, "flops": 4_000, "seconds": {"train": 2.0, "build": 9.0}}
GOOD = Evaluation("ok", {UP.name: 0.5}, **COST)
BAD = Evaluation("ok", {DOWN.name: 20.0}, **COST)


def reward(name, evaluation=GOOD, metric=UP, **settings):
    return make_objective({"name": name, **settings}, [metric]).reward(evaluation)


@pytest.fixture(params=[(n, m) for n in objective_names() for m in (UP, DOWN)], ids=str)
def objective(request):
    """Every objective that ships, for the kinds of metric that it is for."""
    name, metric = request.param
    if (name, metric) in {("accuracy_cubed", DOWN), ("inverse_square", UP)}:
        with pytest.raises(InvalidValue, match=f"is; try {'inv' if metric is DOWN else 'acc'}"):
            make_objective(name, [metric])
        pytest.skip("it is not for such a metric, and says so")
    return make_objective({"name": name, "failure_reward": -1.0}, [metric])


# -- each ----------------------------------------------------------------------------------------
def test_it_gives_one_child_and_many_the_same(objective):
    values = np.array([0.5, 0.25, np.nan])
    measured = {objective.metric.name: values, "parameters": np.array([200, 300, 400])}
    rewards = objective.rewards(measured, np.isnan(values))
    each = [
        Evaluation("ok", {objective.metric.name: 0.5}, parameters=200),
        Evaluation("ok", {objective.metric.name: 0.25}, parameters=300),
        Evaluation("failed", parameters=400),
    ]
    assert rewards.dtype == np.float64 and rewards[2] == -1.0
    assert rewards == pytest.approx([objective.reward(e) for e in each])
    assert all(type(objective.reward(e)) is float for e in each)


def test_better_is_more(objective):
    better, worse = (0.9, 0.1) if objective.metric.maximise else (0.1, 0.9)
    found = [
        objective.reward(Evaluation("ok", {objective.metric.name: value}, parameters=10))
        for value in (better, worse)
    ]
    assert found[0] > found[1]


def test_its_spec_makes_it_again(objective):
    spec = json.loads(json.dumps(objective.spec))
    assert make_objective(spec, [objective.metric]) == objective
    assert spec["failure_reward"] == -1.0 and "metric" not in spec


# -- those that ship -----------------------------------------------------------------------------
def test_what_each_gives():
    assert reward("accuracy_cubed") == 0.125
    assert reward("accuracy_cubed", exponent=1) == 0.5
    assert reward("inverse_square", BAD, DOWN) == 80 / 20 / 20
    assert reward("metric_itself") == 0.5
    assert reward("metric_itself", BAD, DOWN) == -20


def test_it_is_made_of_the_metric_that_is_named():
    metrics = [UP, DOWN]
    both = Evaluation("ok", {**GOOD.metrics, **BAD.metrics}, **COST)
    other = {"metric_name": DOWN.name}
    assert make_objective("metric_itself", metrics).reward(both) == 0.5
    made = make_objective({"name": "metric_itself", **other}, metrics)
    assert made.reward(both) == -20 and made.metric == DOWN
    assert make_objective(json.loads(json.dumps(made.spec)), metrics) == made
    assert make_objective({"name": "inverse_square", **other}, metrics).reward(both) == 0.2
    with pytest.raises(InvalidValue, match=f"less of {DOWN.name} is; try inverse_square"):
        make_objective({"name": "accuracy_cubed", **other}, metrics)


def test_the_weighted_product_is_that_of_mnasnet():
    """Equations 2 and 3 of Tan et al. 2019, with the exponents of section 3.1."""
    name = "weighted_product"
    assert reward(name, target=100) == pytest.approx(0.5 * 2**-0.07)
    assert reward(name, target=100, weight=-1) == pytest.approx(0.25)
    assert reward(name, target=100, weight=0) == 0.5
    assert reward(name, target=100, form="hard") == pytest.approx(0.25)
    assert reward(name, target=400, form="hard") == 0.5
    assert reward(name, target=400, weight=-1) == pytest.approx(1.0)
    assert reward(name, target=1_000, cost="flops", weight=-1) == pytest.approx(0.125)
    assert reward(name, target=1, cost="seconds", weight=-1) == pytest.approx(0.25)
    assert reward(name, BAD, DOWN, target=100, weight=-1) == pytest.approx(0.025)


# -- what is refused -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "spec, line",
    [
        ("accuracy_cubd", "did you mean 'accuracy_cubed'"),
        ({"name": "accuracy_cubed", "exponnt": 2}, "did you mean 'exponent'"),
        ({"name": "accuracy_cubed", "metric": "x"}, "unknown setting of the accuracy_cubed"),
        ({"name": "accuracy_cubed", "exponent": 0}, "exponent is 0.0, expected more than 0"),
        ({"name": "weighted_product", "target": 0}, "target is 0.0, expected more than 0"),
        ({"name": "weighted_product", "weight": 0.07}, "weight is 0.07, expected at most 0"),
        ({"name": "weighted_product", "cost": "flop"}, "did you mean 'flops'"),
        ({"exponent": 2}, "expected a name, or a mapping with a name"),
        (
            {"name": "metric_itself", "metric_name": "validation_acuracy"},
            "unknown metric of the task 'validation_acuracy': did you mean 'validation_accuracy'?",
        ),
        ({"name": "metric_itself", "metric_name": 3}, "unknown metric of the task '3'"),
        ("nowhere.module:Name", "cannot import"),
        (3, "objective is 3, expected a name"),
    ],
    ids=str,
)
def test_bad_objectives_get_one_clear_line(spec, line):
    with pytest.raises(InvalidValue) as caught:
        make_objective(spec, [UP])
    assert line in str(caught.value) and "\n" not in str(caught.value)


@dataclass(frozen=True)
class Strange(Objective):
    """An objective from outside, which is no number for a useless child."""

    def value(self, measured):
        """Return one over what the accuracy is above 0.5."""
        return 1 / (measured[self.metric.name] - 0.5)


OUTSIDE = f"{__name__}:Strange"


def test_what_is_no_number_gets_one_clear_line():
    line = f"objective {OUTSIDE} gives .* for validation_accuracy 0.5"
    made = make_objective(OUTSIDE, [UP])
    assert made.spec == {"name": OUTSIDE, "failure_reward": 0.0, "metric_name": None}
    with pytest.raises(InvalidValue, match=line):
        made.reward(GOOD)
    with pytest.raises(InvalidValue, match=line):
        made.rewards({UP.name: np.array([0.7, 0.5])}, np.zeros(2, dtype=bool))


def test_a_cost_that_was_not_measured_gets_one_clear_line():
    with pytest.raises(InvalidValue, match="'seconds' was not measured, only validation_accuracy"):
        reward("weighted_product", Evaluation("ok", {UP.name: 0.5}), cost="seconds")


# -- in a problem --------------------------------------------------------------------------------
def test_the_tasks_own_objective_has_the_tasks_settings():
    characters = make_task("penn_treebank_characters")
    assert task_objective(characters).spec["scale"] == 1.0
    assert task_objective(characters, "inverse_square").spec["scale"] == 1.0
    changed = task_objective(characters, {"failure_reward": -1.0}).spec
    own = {"name": "inverse_square", "scale": 1.0, "metric_name": None}
    assert changed == {**own, "failure_reward": -1.0}
    assert task_objective(characters, "metric_itself").spec["failure_reward"] == 0.0


@pytest.mark.parametrize("vector", [False, True])
def test_an_environment_takes_any_objective(vector):
    spec = {"name": "weighted_product", "target": 1_000, "weight": -0.5}
    id, tokens = "NAS-Bench-Digits-v0", [1, 1, 0, 1, 1, 0, 1, 1, 1]
    if vector:
        way = {"vectorization_mode": "vector_entry_point"}
        env = gymnasium.make_vec(id, num_envs=1, objective=spec, **way)
        env.reset()
        rewards, infos = zip(*(env.step([t])[1::3] for t in tokens), strict=True)
        evaluation = infos[-1]["final_info"]["evaluation"]
        found, accuracy = rewards[-1][0], evaluation["metrics"]["validation_accuracy"][0]
        parameters = evaluation["parameters"][0]
    else:
        env = gymnasium.make(id, objective=spec)
        env.reset()
        found, info = [env.step(t)[1::3] for t in tokens][-1]
        accuracy = info["evaluation"]["metrics"]["validation_accuracy"]
        parameters = info["evaluation"]["parameters"]
        assert json.loads(env.spec.to_json())["kwargs"]["objective"] == spec
    assert found == pytest.approx(accuracy * (parameters / 1_000) ** -0.5)
    assert env.unwrapped.problem.spec["objective"]["form"] == "soft"
    env.close()


def test_no_objective_changes_the_key_of_an_evaluation():
    """Nor do the settings of a task hold what only changes a reward."""
    space = make_space({"name": "convolutional", "layers": 2})
    architecture = space.decode((0,) * len(space.decisions))
    keys = {
        Problem("digits", space.spec, objective=spec, device="cpu").request(architecture).key
        for spec in (None, "metric_itself", {"exponent": 2.0}, "weighted_product")
    }
    assert len(keys) == 1


SMALL = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2", "--quiet"]
TINY = [*SMALL, "--workers", "0", "--children", "6"]


def test_another_objective_over_the_same_store_trains_nothing(tmp_path):
    """Each reward is the new objective's; a failure of the command line would be told."""
    line = [*TINY, "--agent", "random_search", "--store", str(tmp_path / "store.sqlite")]
    assert main([*line, "--run", str(tmp_path / "a")]) == 0
    before = open_store(tmp_path / "store.sqlite").evaluations()
    other = ["--objective", "weighted_product", "--objective.target", "1000"]
    assert main([*line, *other, "--run", str(tmp_path / "b")]) == 0
    store = open_store(tmp_path / "store.sqlite")
    assert store.evaluations() == before  # seconds too: not one was trained again
    one, two = ({tuple(e["tokens"]): e for e in episodes(store, tmp_path / r)} for r in "ab")
    assert one.keys() == two.keys()
    for tokens, first in one.items():
        again = two[tokens]
        accuracy = first["metrics"]["validation_accuracy"]
        assert again["metrics"] == first["metrics"]
        assert first["reward"] == accuracy**3
        expected = accuracy * (again["parameters"] / 1_000) ** -0.07
        assert again["reward"] == pytest.approx(expected)


def episodes(store, run):
    store.run = json.loads((run / "config.json").read_text())["id"]
    return store.episodes()


def test_a_run_goes_on_with_its_own_objective_only(tmp_path, capsys):
    run = ["--run", str(tmp_path / "run")]
    assert main([*TINY, "--objective.exponent", "2", *run]) == 0
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    expected = {"name": "accuracy_cubed", "exponent": 2.0, "failure_reward": 0.0}
    expected |= {"metric_name": None}
    assert config["make"]["objective"] == expected
    assert main(["--resume", "--quiet", "--objective.exponent", "2", *run]) == 0
    for option, value, has in (
        ("--objective.exponent", "3", "2.0"),
        ("--objective", "metric_itself", "accuracy_cubed"),
        ("--objective.failure-reward", "-1", "0.0"),
    ):
        assert main(["--resume", option, value, *run]) == 2
        assert f"{option} is {value}" in (line := capsys.readouterr().err), line
        assert f"the run has {has}" in line and line.count("\n") == 1


@pytest.mark.parametrize(
    "words, line",
    [
        (["--objective", "accuracy_cubd"], "did you mean 'accuracy_cubed'"),
        (["--objective.exponnt", "2"], "did you mean --objective.exponent"),
        (["--objective", "weighted_product", "--objective.target", "0"], "target is 0"),
        (["--objective", "inverse_square"], "try accuracy_cubed"),
    ],
    ids=str,
)
def test_the_command_line_refuses_a_bad_objective_in_one_line(words, line, capsys):
    assert main([*TINY, *words]) == 2
    told = capsys.readouterr().err
    assert line in told and told.count("\n") == 1


# -- the store of before -------------------------------------------------------------------------
OLD = """
CREATE TABLE evaluations (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, evaluation TEXT NOT NULL,
    run TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE claims (
    key TEXT PRIMARY KEY, owner TEXT NOT NULL, heartbeat REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE episodes (
    run TEXT NOT NULL, number INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (run, number)) WITHOUT ROWID;
INSERT INTO evaluations VALUES ('k', '{}', '{"reward": 0.5, "metric": 0.8}', 'r', 'c');
"""


def test_a_store_of_an_earlier_version_is_refused_and_left_as_it_is(tmp_path, capsys):
    path: Path = tmp_path / "old.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(OLD)
    content = path.read_bytes()
    with pytest.raises(StoreError, match=r"an earlier version .* name another --store or --run"):
        open_store(path)
    assert main([*TINY, "--store", str(path), "--run", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert path.read_bytes() == content and not (tmp_path / "run").exists()


def test_a_store_of_a_later_version_is_refused(tmp_path):
    open_store(tmp_path / "s").close()
    with sqlite3.connect(tmp_path / "s") as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="a later version"):
        open_store(tmp_path / "s")


def test_a_metric_is_shown_by_its_own_words():
    metric = Metric("validation_word_error_rate", maximise=False)
    assert (metric.title, metric.short) == ("validation word error rate", "word error rate")
    assert metric.best([0.3, 0.1]) == 0.1


def test_an_unknown_name_is_an_unknown_name():
    with pytest.raises(UnknownName):
        make_objective("reward", [UP])
