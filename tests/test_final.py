"""The final training: from a search to networks that are tested once."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import nas_env
from nas_env.command_line.retrain import main
from nas_env.command_line.train import main as train
from nas_env.evaluation import in_process
from nas_env.final import GRIDS, Grid
from nas_env.records import Evaluation
from nas_env.run.store import open_store
from nas_env.tasks.digits import Digits
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.language_recipe import LanguageRecipe

SMALL = ["--recipe.epochs", "1", "--workers", "0", "--quiet"]
SEARCH = ["--children", "5", "--task.train-size", "64", "--space.layers", "1", *SMALL]
#: Two architectures by two rates, and two seeds of the best.
FEW = [
    "--no-network",
    "--top",
    "2",
    "--seeds",
    "2",
    "--grid.weight-decay",
    "1",
    "--recipe.batch-size",
    "8",
    *SMALL,
]


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A finished search with its control."""
    folder = tmp_path_factory.mktemp("searched") / "run"
    assert train([*SEARCH, "--control", "random", "--run", str(folder)]) == 0
    return folder


@pytest.fixture
def run(searched, tmp_path):
    """A copy of the search, for a test to change."""
    return shutil.copytree(searched, tmp_path / "run")


def result_of(run):
    return json.loads((run / "final" / "final.json").read_text())


def same_always(result):
    """A result without what differs from time to time."""
    for part in (result, result["random_search"]):
        for seed in part["seeds"]:
            del seed["seconds"]
    for line in result["ledger"]:
        for name in ("time", "pid", "number"):
            del line[name]
    return result


def readings(run):
    store = open_store(run / "results.sqlite")
    try:
        return store.readings()
    finally:
        store.close()


def test_what_a_final_training_leaves(run):
    assert main([str(run), *FEW]) == 0
    result = result_of(run)
    values = [seed["test_accuracy"] for seed in result["seeds"]]
    assert len(values) == 2 and result["mean"] == pytest.approx(sum(values) / 2)
    assert result["test_examples"] == 397 and result["metric"] == "test_accuracy"
    for name in ("interval_over_seeds", "interval_by_test_set"):
        low, high = result[name]
        assert 0 <= low <= result["mean"] <= high <= 1
    assert len(result["compared"]) == 4 and not result["failures"]
    assert_the_best_is_taken(result, result["chosen"])
    assert len(result["random_search"]["seeds"]) == 2
    assert result["random_search"]["seeds"][0].keys() == {
        "seed", "status", "test_accuracy", "test_balanced_accuracy", "seconds",
    }  # fmt: skip
    assert_the_best_is_taken(result["random_search"], result["random_search"])
    assert len(result["ledger"]) == len(readings(run)) in (4, 8)  # the control's may be the same
    for seed in result["seeds"]:
        assert load_file(run / "final" / seed["weights"])


def assert_the_best_is_taken(result, taken):
    """Of four candidates: two architectures by two rates."""
    assert len(result["compared"]) == 4
    best = max(result["compared"], key=lambda each: each["validation_accuracy"])
    assert (taken["name"], taken["changes"]) == (best["name"], best["changes"])


def test_the_control_may_fail_and_the_result_stands(run, monkeypatch):
    """What of the control diverges is said; it has no row where all of it does."""
    evaluate, tested = in_process.evaluate, []

    def diverging(request, *rest):
        if request.split == "final":
            tested.append(request.architecture)
            if request.architecture != tested[0]:
                return Evaluation("diverged", error="the loss was not finite in epoch 1")
        return evaluate(request, *rest)

    monkeypatch.setattr(in_process, "evaluate", diverging)
    assert main([str(run), *FEW]) == 0
    result = result_of(run)
    assert result["mean"] > 0 and result["random_search"] is None
    assert len(result["failures"]) == 4 and "diverged" in result["failures"][0]


def test_nothing_is_trained_twice(run, monkeypatch):
    assert main([str(run), *FEW]) == 0
    first = result_of(run)
    monkeypatch.setattr(in_process, "evaluate", lambda *_: pytest.fail("trained again"))
    assert main([str(run), *FEW]) == 0
    assert result_of(run) == first


def test_no_choice_reads_the_test_set(run, tmp_path, monkeypatch):
    """Until the last step of the first final training it is not read, whatever is in it."""
    events, read, evaluate = [], Digits._read_test_data, in_process.evaluate

    def noted(request, *rest):
        events.append(request.split)
        return evaluate(request, *rest)

    monkeypatch.setattr(in_process, "evaluate", noted)
    monkeypatch.setattr(
        Digits, "_read_test_data", lambda self: (events.append("test"), read(self))[1]
    )
    other = shutil.copytree(run, tmp_path / "other")
    assert main([str(run), *FEW]) == 0
    searches, finals = events.count("search"), events.count("final")
    assert searches in range(4, 9)  # the control's may be the same
    assert events == ["search"] * searches + ["final", "test"] * finals
    monkeypatch.setattr(
        Digits, "_read_test_data", lambda self: (read(self)[0], read(self)[1][::-1].copy())
    )
    assert main([str(other), *FEW]) == 0
    found, again = result_of(run), result_of(other)
    for name in ("chosen", "recipe", "compared"):
        assert found[name] == again[name]
    assert found["mean"] != again["mean"]


def test_a_second_use_of_the_test_set_is_refused(run, monkeypatch, capsys):
    assert main([str(run), *FEW]) == 0
    lines = len(readings(run))
    other = [*FEW, "--recipe.learning-rate", "0.01"]
    with monkeypatch.context() as patch:
        patch.setattr(in_process, "evaluate", lambda *_: pytest.fail("trained"))
        assert main([str(run), *other]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "test set of task digits was used before" in line and "--again" in line
    assert len(readings(run)) == lines and not result_of(run)["again"]
    assert main([str(run), *FEW, "--seeds", "3"]) == 0  # the same network and recipe
    assert main([str(run), *other, "--again"]) == 0
    result = result_of(run)
    assert result["again"] and len(result["ledger"]) > lines


def test_another_network_of_the_same_comparison_is_refused(run, capsys):
    """All candidates are known by then; the one of the others that was tested is not it."""
    assert main([str(run), *FEW, "--grid", "none"]) == 0
    used = result_of(run)["chosen"]
    wider = [*FEW, "--grid.learning-rate", "1", "30"]
    status = main([str(run), *wider])
    if status == 0:
        assert result_of(run)["chosen"]["changes"] == used["changes"]
    else:
        assert "needs --again" in capsys.readouterr().err


def test_a_point_that_diverges_is_said_and_not_chosen(run, capsys):
    arguments = [str(run), "--no-network", "--top", "1", "--seeds", "1"]
    arguments += ["--grid.learning-rate", "1", "1e30"]
    loud = [word for word in SMALL if word != "--quiet"]
    assert main([*arguments, "--grid.weight-decay", "1", *loud]) == 0
    result = result_of(run)
    assert [each["status"] for each in result["compared"]] == ["ok", "diverged"]
    assert "diverged" in result["failures"][0] and result["chosen"]["changes"] == {}
    assert "diverged" in capsys.readouterr().out


def test_where_the_final_training_diverges_its_neighbour_is_taken(run, monkeypatch):
    """The second seed of the chosen point; resumed, it is known and not tried again."""
    evaluate, calls = in_process.evaluate, []

    def diverging(request, *rest):
        calls.append(request.split)
        if request.split == "final" and request.seed == 1 and not failed[1:]:
            failed.append(request.recipe)
            return Evaluation("diverged", error="the loss was not finite in epoch 1")
        return evaluate(request, *rest)

    failed = [None]
    monkeypatch.setattr(in_process, "evaluate", diverging)
    assert main([str(run), *FEW]) == 0
    result = result_of(run)
    assert "diverged" in result["failures"][0]
    assert result["recipe"] != failed[1] and len(result["seeds"]) == 2
    same = [each for each in result["compared"] if each["name"] == result["chosen"]["name"]]
    assert len(same) == 2  # the same architecture at the other point
    calls.clear()
    assert main([str(run), *FEW]) == 0
    assert calls == [] and result_of(run) == result


def test_bad_input_gets_one_line(run, tmp_path, capsys):
    empty = tmp_path / "empty"
    empty.mkdir()
    given = {
        (): "a run is missing: nas-retrain RUN",
        (str(empty),): "holds no run",
        (str(tmp_path / "nowhere"),): "holds no run",
        (str(run), "--sedes", "2"): "did you mean --seeds",
        (str(run), "--seeds", "0"): "seeds is 0, expected at least 1",
        (str(run), "--top", "x"): "--top",
        (str(run), "--grid", "larg"): "known are none, paper, small",
        (str(run), "--grid.learning-rate", "-1"): "learning_rate of the grid is -1",
        (str(run), "--recipe", "modrn"): "recipe",
        (str(run), "--device", "gpu"): "device is 'gpu'",
    }
    for words, says in given.items():
        assert main([*words]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert says in line and line.startswith("nas-retrain: ")
    assert not (run / "final").exists()


def changed(run, change):
    """Change a run's configuration."""
    config = json.loads((run / "config.json").read_text())
    change(config)
    (run / "config.json").write_text(json.dumps(config))


def test_a_task_that_cannot_be_made_any_more(run, capsys):
    changed(run, lambda config: config["make"]["task"].update(version=7))
    assert main([str(run), *FEW]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "task digits has version 0 here, not 7" in line


def test_a_space_that_cannot_be_made_any_more(run, capsys):
    changed(run, lambda config: config["make"]["space"].update(name="gone"))
    assert main([str(run), *FEW]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "gone" in line


def test_a_run_without_a_child_that_succeeded(tmp_path, capsys):
    folder = tmp_path / "run"
    limit = ["--task.max-parameters", "10", "--keep-going"]
    assert train([*SEARCH, *limit, "--children", "2", "--run", str(folder)]) == 1
    assert main([str(folder), *FEW]) == 2
    assert "has no child that succeeded" in capsys.readouterr().err


def test_a_task_without_a_test_split(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (60, 8, 8, 1), dtype=np.uint8)
    np.savez(tmp_path / "data.npz", images=images, labels=np.arange(60) % 3)
    folder = tmp_path / "run"
    own = ["--env", "NAS-Images-v0", "--task.path", str(tmp_path / "data.npz"), "--children", "1"]
    assert train([*own, *SMALL, "--run", str(folder)]) == 0
    capsys.readouterr()
    assert main([str(folder), *FEW]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "has no test split" in line and "--task.test" in line


def test_a_task_that_trains_nothing(tmp_path, capsys):
    folder = tmp_path / "run"
    table = ["--env", "NAS-Bench-Digits-v0", "--agent", "random_search", "--children", "3"]
    assert train([*table, "--quiet", "--run", str(folder)]) == 0
    assert main([str(folder), "--quiet"]) == 2
    assert "nothing can be trained" in capsys.readouterr().err


# -- the network that is handed over ---------------------------------------------------------------
def test_the_network_is_handed_over(run, capsys):
    """It is that of the first seed; it is written again when the card has more to say."""
    few = [str(run), *FEW, "--network", "--grid", "none", "--top", "1"]
    assert main(few) == 0
    network = run / "final" / "network"
    result, found = result_of(run), nas_env.load(network)
    kept = load_file(run / "final" / result["seeds"][0]["weights"])
    weights = found.network.state_dict()
    assert kept.keys() == weights.keys()
    assert all(torch.equal(each, weights[name]) for name, each in kept.items())
    images, labels = Digits().test_data()
    with torch.no_grad():
        logits = found(found.preprocess(torch.from_numpy(images)))
    accuracy = (logits.argmax(dim=1).numpy() == labels).mean()
    assert accuracy == pytest.approx(result["seeds"][0]["test_accuracy"], abs=0.02)  # bfloat16
    assert "test accuracy" in (network / "README.md").read_text()
    written = (network / "README.md").stat().st_mtime_ns
    assert main(few) == 0 and (network / "README.md").stat().st_mtime_ns == written
    assert main([*few, "--seeds", "3"]) == 0
    assert (network / "README.md").stat().st_mtime_ns > written
    assert "0, 1, 2" in (network / "README.md").read_text()


# -- an architecture that no search found -------------------------------------------------------
NAMED = [
    "--no-network",
    "--env",
    "NAS-Digits-v0",
    "--seeds",
    "1",
    "--task.train-size",
    "64",
    *SMALL,
]


def test_a_published_network_is_trained_and_tested(tmp_path, monkeypatch):
    """The same command goes on in the same folder, and trains nothing again."""
    monkeypatch.chdir(tmp_path)
    line = ["--architecture", "published:zoph-v1-chain", *NAMED]
    assert main(line) == 0
    folder = tmp_path / "runs" / "NAS-Digits-v0-zoph-v1-chain"
    result = result_of(folder)
    layers = result["chosen"]["architecture"]["layers"]
    assert [layer["inputs"] for layer in layers] == [[], *([number] for number in range(1, 15))]
    assert result["chosen"]["name"] == "zoph-v1-chain" and result["random_search"] is None
    monkeypatch.setattr(in_process, "evaluate", lambda *_: pytest.fail("trained again"))
    assert main(line) == 0 and result_of(folder) == result


def test_an_architecture_in_a_file(searched, tmp_path):
    best = json.loads((searched / "summary.json").read_text())["best"]["architecture"]
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(best))
    folder = str(tmp_path / "run")
    assert main(["--architecture", str(file), "--run", folder, *NAMED]) == 0
    result = result_of(tmp_path / "run")
    assert result["chosen"]["architecture"] == best and result["chosen"]["name"] == "mine"


def test_a_wrong_architecture_gets_one_line_and_leaves_nothing(searched, tmp_path, capsys):
    (tmp_path / "list.json").write_text("[1]")
    given = {
        "published:zoph-v2": "did you mean 'zoph-v1'",
        "published:lstm": "unknown key 'nodes'",
        str(tmp_path / "list.json"): "expected an architecture",
        str(tmp_path / "none.json"): "cannot be read",
    }
    for name, says in given.items():
        assert main(["--architecture", name, "--run", str(tmp_path / "run"), *NAMED]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert says in line and line.startswith("nas-retrain: ")
    assert main(["--architecture", "published:zoph-v1"]) == 2
    assert "needs --env" in capsys.readouterr().err
    assert main(["--architecture", "published:zoph-v1", "--run", str(searched), *NAMED]) == 2
    assert "is the run of a search" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


# -- the grid ------------------------------------------------------------------------------------
def test_the_grid_of_nothing_is_the_recipe():
    assert GRIDS["none"].points(ImageRecipe()) == [({}, ImageRecipe())]


def test_points_are_different_recipes_the_own_first():
    recipe = ImageRecipe(epochs=10)
    points = GRIDS["paper"].points(recipe)
    assert points[0][0] == {}
    assert len({json.dumps(point.spec) for _, point in points}) == len(points) >= 8
    assert {"decay_points": [0.4, 0.7]} in [changes for changes, _ in points]
    assert {"batch_norm_epsilon": 1e-3} in [changes for changes, _ in points]
    assert all(point.batch_norm_epsilon != 1e-5 for _, point in points)  # that is a network's own
    cosine = GRIDS["paper"].points(replace(recipe, schedule="cosine"))
    assert len(cosine) == len(points) // 2  # nothing falls


def test_the_requests_of_the_choice_are_those_of_a_search(run):
    """By the search's own recipe the store answers them, so that nothing is trained to compare."""
    recipe = json.loads((run / "config.json").read_text())["make"]["recipe"]
    assert (
        main([str(run), "--recipe", "short", *FEW, "--recipe.batch-size", "64", "--grid", "none"])
        == 0
    )
    store = open_store(run / "results.sqlite")
    searches = [request for request, _ in store.evaluations() if request.split == "search"]
    store.close()
    assert recipe["epochs"] == 1 and len({request.recipe["epochs"] for request in searches}) == 1
    played = len({e["canonical"] for e in store_episodes(run)})
    assert len(searches) == played


def store_episodes(run):
    store = open_store(run / "results.sqlite")
    try:
        return store.all_episodes()
    finally:
        store.close()


def test_the_grid_of_a_text():
    found = Grid(learning_rate=(1.0, 2.0), decay_point=(0.5,)).points(LanguageRecipe(epochs=10))
    assert [changes for changes, _ in found] == [
        {"decay_from": 5},
        {"learning_rate": 2.0, "decay_from": 5},
    ]
