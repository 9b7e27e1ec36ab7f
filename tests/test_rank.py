"""The rank check: does the order of a search hold after the final recipe?"""

import json
import shutil

import numpy as np
import pytest
from scipy.stats import kendalltau

from nas_env.command_line.rank import main
from nas_env.command_line.retrain import main as retrain
from nas_env.command_line.train import main as train
from nas_env.drawing import Dot, draw_order
from nas_env.evaluation import in_process
from nas_env.final.rank import Ranked, rank, spread
from nas_env.final.top import Found
from nas_env.final.verdict import FEWEST, summary
from nas_env.records import Evaluation
from nas_env.run.store import open_store
from nas_env.statistics.agreement import bootstrap, tau, told_apart, top_overlap
from nas_env.tasks import make_task
from nas_env.tasks.digits import Digits
from tests._canvas import texts_outside
from tests._killing import killed_at

SMALL = ["--recipe.epochs", "1", "--workers", "0", "--quiet"]
SEARCH = ["--children", "12", "--task.train-size", "64", "--space.layers", "1"]
FEW = ["--networks", "6", "--top", "2", "--recipe.batch-size", "8", *SMALL]
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A finished search."""
    folder = tmp_path_factory.mktemp("searched") / "run"
    line = [*SEARCH, "--agent", "random_search", *SMALL, "--run", str(folder)]
    assert train(line) == 0
    return folder


@pytest.fixture
def run(searched, tmp_path):
    """A copy of the search, for a test to change."""
    return shutil.copytree(searched, tmp_path / "run")


def result_of(run):
    return json.loads((run / "final" / "rank.json").read_text())


def evaluations(run):
    store = open_store(run / "results.sqlite")
    try:
        return store.evaluations(), store.readings()
    finally:
        store.close()


# -- figures -------------------------------------------------------------------------------------
def test_tau_is_tau_b():
    for ties in (2, 5, 100):
        first, second = RNG.integers(ties, size=(2, 12))
        assert tau(first, second) == pytest.approx(kendalltau(first, second)[0])
    assert np.isnan(tau(np.ones(5), np.arange(5)))


def test_overlap_of_the_best_where_some_are_equal_is_the_mean_over_lots():
    first, second = RNG.integers(4, size=(2, 9))
    jitter = RNG.random((2, 4000, 9)) / 2
    best = [np.argsort(-(s + j))[:, :3] for s, j in zip((first, second), jitter, strict=True)]
    shared = np.mean([len({*one} & {*other}) for one, other in zip(*best, strict=True)])
    assert top_overlap(first, second, 3) == pytest.approx(shared / 3, abs=0.03)


def test_the_interval_of_equal_orders_is_certain():
    scores = RNG.random(12)

    def overlap(drawn):
        return top_overlap(told_apart(scores, drawn), told_apart(scores**3, drawn), 3)

    assert bootstrap(lambda drawn: tau(scores[drawn], scores[drawn] ** 3), 12) == (1, 1)
    assert bootstrap(overlap, 12) == (1, 1)


def test_the_interval_holds_the_truth_mostly():
    truth, held = 2 / np.pi * np.arcsin(0.5), 0
    for study in range(40):
        first, noise = RNG.normal(size=(2, 12))
        second = 0.5 * first + np.sqrt(0.75) * noise
        low, high = bootstrap(lambda d, x=first, y=second: tau(x[d], y[d]), 12, study)
        held += low <= truth <= high
    assert held >= 34


def test_spread_takes_the_best_of_each_part():
    found = [Found(f"child {number}", {}, -number) for number in range(101)]
    assert [each.value for each in spread(found, 5)] == [0, -20, -40, -60, -80]
    assert spread(found[:3], 12) == found[:3]


def networks(search, final, name="validation_accuracy"):
    """Networks with these metrics; None diverged."""
    return [
        Ranked(
            Found(f"child {number}", {}, before),
            Evaluation("diverged") if after is None else Evaluation("ok", {name: after}),
        )
        for number, (before, after) in enumerate(zip(search, final, strict=True), 1)
    ]


def test_orders_that_agree_or_not():
    task, rising = make_task("digits"), [0.1 * n for n in range(1, 9)]
    same = rank(networks(rising, [n / 2 for n in rising]), task)
    assert same["tau"] == same["top_overlap"] == same["same_order"] == 1
    assert "tells much" in same["verdict"] and "100%" in same["verdict"]
    other = rank(networks(rising, rising[::-1]), task)
    assert other["tau"] == -1 and other["top_overlap"] == 0 and "misleads" in other["verdict"]
    mixed = rank(networks(rising, [rising[i] for i in (3, 6, 0, 5, 1, 7, 2, 4)]), task)
    assert "do not show" in mixed["verdict"]
    equal = rank(networks(rising, [0.5] * 8), task)
    assert equal["tau"] is None and "nothing to compare" in equal["verdict"]
    json.dumps(equal, allow_nan=False)


def test_of_a_perplexity_less_is_better():
    values = [100.0, 120, 140, 160, 180]
    task, name = make_task("python_docs"), "validation_perplexity"
    found = rank(networks(values, [90.0, 100, 110, 120, None], name), task, top=2)
    assert found["tau"] == 1 and found["each"][0]["final_place"] == 1
    assert found["each"][-1]["final_place"] == 5  # it diverged


def test_networks_that_the_validation_set_cannot_tell_apart():
    """Of 400 images: equal networks then differ by some 0.005."""
    task, rising = make_task("digits"), [0.1 * n for n in range(1, 9)]
    noise = np.random.default_rng(1).binomial(400, 0.99, size=8) / 400
    close = rank(networks(rising, noise.tolist()), task)
    assert close["alike"] and "no more than equal ones do" in close["verdict"]
    apart = rank(networks(rising, [0.90 + n / 10 for n in rising]), task)
    assert not apart["alike"] and "no more than" not in apart["verdict"]


def test_too_few_networks_and_the_same_recipe_are_said():
    task = make_task("digits")
    assert "too few" in rank(networks([0.1] * 4, [0.2] * 4), task)["verdict"]
    own = rank(networks([0.1] * 6, [0.1] * 6), task)
    assert "search's own" in own["verdict"] and "nas-rank" not in summary(own, "nas-rank run")
    assert "too few" in rank([], task)["verdict"]


# -- the picture ---------------------------------------------------------------------------------
@pytest.mark.parametrize("rising", [True, False])
def test_no_text_leaves_the_picture(rising):
    """The best are of one value, one network diverged, and the notes are long."""
    dots = [Dot(f"child {900 + n}", 0.9, 0.99, (n % 2 == 0, n < 6)) for n in range(8)]
    dots += [Dot("child 1", 0.1, None, (False, False))]
    note = "a note that goes on and on, " * 8
    labels = "validation accuracy in the search", "validation accuracy by the final recipe"
    assert texts_outside(draw_order(dots, 3, labels, [note, note], rising=rising)) == []


# -- the command ---------------------------------------------------------------------------------
def test_what_a_rank_check_leaves(run, monkeypatch):
    """It reads no test set, and its requests are those of a comparison of the final training."""
    monkeypatch.setattr(Digits, "_read_test_data", lambda _: pytest.fail("read the test set"))
    before, _ = evaluations(run)
    assert main([str(run), *FEW]) == 0
    result = result_of(run)
    assert result["networks"] == len(result["each"]) == 6 and result["top"] == 2
    assert result["each"][0]["search_place"] == 1 and result["recipe"]["batch_size"] == 8
    low, high = result["tau_interval"]
    assert low <= result["tau"] <= high
    assert {file.name for file in (run / "final").iterdir()} == {
        "rank.json", "rank.png", "rank.svg",
    }  # fmt: skip
    after, readings = evaluations(run)
    assert len(after) == len(before) + 6 and not readings
    assert {request.split for request, _ in after} == {"search"}
    monkeypatch.setattr(in_process, "evaluate", lambda *_: pytest.fail("trained again"))
    assert main([str(run), *FEW]) == 0 and result_of(run) == result


def test_a_kill_changes_nothing(run, tmp_path):
    whole = shutil.copytree(run, tmp_path / "whole")
    assert main([str(whole), *FEW]) == 0
    for step in (2, 9):
        killed_at(step, lambda: main([str(run), *FEW]))
    assert not killed_at(10**9, lambda: main([str(run), *FEW]))
    assert result_of(run) == result_of(whole)


def test_it_is_in_the_summary_of_a_retraining(run, capsys):
    """Of the networks that the store has by this recipe, at the grid's plain point."""
    same = ["--recipe.batch-size", "8", "--recipe.epochs", "1", "--workers", "0"]
    few = [str(run), "--no-network", "--seeds", "1", "--grid.learning-rate", "1", "30", *same]
    assert retrain(few) == 0
    result = json.loads((run / "final" / "final.json").read_text())
    assert result["rank"]["networks"] == 3 < FEWEST and "tau" not in result["rank"]
    assert f"too few to compare two orders. More: nas-rank {run}" in capsys.readouterr().out
    assert main([str(run), *FEW]) == 0
    assert retrain(few) == 0
    found = json.loads((run / "final" / "final.json").read_text())["rank"]
    assert found["networks"] >= 6 and -1 <= found["tau"] <= 1
    assert found["verdict"] in capsys.readouterr().out


def test_the_searchs_own_recipe_says_nothing(run, capsys):
    own = ["--recipe", "short", "--networks", "6", *SMALL]
    assert main([str(run), *own]) == 2
    assert "the search's own: name another --recipe" in capsys.readouterr().err


def test_bad_input_gets_one_line(run, tmp_path, capsys):
    given = {
        (): "a run is missing: nas-rank RUN",
        (str(tmp_path),): "holds no run",
        (str(run), "--netwrks", "6"): "did you mean --networks",
        (str(run), "--networks", "4"): "networks is 4, expected at least 5",
        (str(run), "--networks", "6", "--top", "6"): "top is 6, expected at most 5",
        (str(run), "--recipe", "modrn"): "did you mean 'modern'",
        (str(run), "--device", "gpu"): "device is 'gpu'",
    }
    for words, says in given.items():
        assert main([*words]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert says in line and line.startswith("nas-rank: ")
    assert not (run / "final").exists()


@pytest.mark.parametrize("env", ["NAS-Bench-Digits-v0", "NK-24-4-v0"])
def test_what_trains_nothing_has_no_final_recipe(env, tmp_path, capsys):
    folder = str(tmp_path / "run")
    line = ["--env", env, "--agent", "random_search", "--children", "3", "--quiet"]
    assert train([*line, "--run", folder]) == 0
    assert main([folder]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "nothing can be trained" in line


def test_a_search_with_few_different_networks(tmp_path, capsys):
    folder = str(tmp_path / "run")
    few = ["--children", "2", "--task.train-size", "64", "--space.layers", "1", *SMALL]
    assert train([*few, "--run", folder]) == 0
    assert main([folder]) == 2
    assert "different architectures that succeeded, expected at least 5" in capsys.readouterr().err


def test_networks_that_cannot_be_trained(run, capsys):
    assert main([str(run), *FEW, "--recipe.learning-rate", "1e30"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "networks could be trained" in line and not (run / "final").exists()
