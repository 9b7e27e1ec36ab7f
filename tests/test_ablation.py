"""What the recipe gives a network, and what its architecture: the table of the two."""

import contextlib
import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import _results
from benchmarks._reduced import paper_and_modern
from benchmarks._results import mean_interval
from benchmarks._shares import shares
from benchmarks.ablation import Options, compared, evaluated, main, named_networks
from nas_env.errors import ChildrenFail
from nas_env.problem import Problem
from search_spaces import make_space

LAYER = {"filter_height": 3, "filter_width": 3, "stride_height": 1, "stride_width": 1, "filters": 6}
NETWORK = {"space": "convolutional", "layers": [{**LAYER, "inputs": i} for i in ([], [1], [1])]}
SMALL = ["--env", "NAS-Digits-v0", "--images", "40", "--validation", "20", "--epochs", "1"]


@pytest.fixture
def found(tmp_path):
    file = tmp_path / "found.json"
    file.write_text(json.dumps(NETWORK))
    return str(file)


# -- the shares ----------------------------------------------------------------------------------
def measured(table):
    return shares(np.array(table, dtype=float))["measured"]


def test_the_shares_of_one_cause_alone():
    """Tables of (networks, recipes, seeds) that only one thing makes unequal."""
    nothing = dict.fromkeys(("architecture", "recipe", "both", "seed"), 0.0)
    assert measured([[[1, 1], [1, 1]], [[2, 2], [2, 2]]]) == {**nothing, "architecture": 100.0}
    assert measured([[[1, 1], [2, 2]], [[1, 1], [2, 2]]]) == {**nothing, "recipe": 100.0}
    assert measured([[[1, 1], [2, 2]], [[2, 2], [1, 1]]]) == {**nothing, "both": 100.0}
    assert measured([[[1, 2], [1, 2]], [[1, 2], [1, 2]]]) == {**nothing, "seed": 100.0}


def test_the_shares_are_those_of_regressions_on_ever_more_causes():
    table = np.random.default_rng(0).normal(size=(4, 2, 3))
    network, recipe, _ = (index.flatten() for index in np.indices(table.shape))
    values = table.flatten() - table.mean()

    def left(*columns):
        causes = np.stack([np.ones(values.size), *columns], axis=1)
        fit = np.linalg.lstsq(causes, values, rcond=None)[0]
        return ((values - causes @ fit) ** 2).sum()

    networks = [network == n for n in range(4)]
    cells = [(network == n) & (recipe == r) for n in range(4) for r in range(2)]
    sums = [left(), left(*networks), left(*networks, recipe), left(*cells), 0.0]
    expected = 100 * -np.diff(sums) / sums[0]
    assert list(measured(table).values()) == pytest.approx(expected.tolist(), abs=0.051)


def test_chance_gives_each_cause_its_share_of_the_degrees_of_freedom():
    drawn = np.random.default_rng(0).normal(size=(2_000, 5, 2, 4))
    many = [shares(table) for table in drawn]
    for name, share in many[0]["by chance"].items():
        mean = np.mean([each["measured"][name] for each in many])
        assert mean == pytest.approx(share, abs=1.0)
    assert sum(many[0]["by chance"].values()) == pytest.approx(100, abs=0.2)


def test_the_recipes_are_compared_by_pairs_of_seeds():
    paper, modern = [0.9, 0.5, 0.7], [0.92, 0.51, 0.73]
    found = compared(np.array([paper, modern]), ["paper", "modern"])
    assert found["paper"][0] == 70.0 and found["paper"][1] > 40
    assert found["modern minus paper"] == pytest.approx(mean_interval([2, 1, 3]), abs=0.005)


# -- the networks --------------------------------------------------------------------------------
def test_networks_are_named_and_one_is_joined_in_three_ways(found):
    space = make_space({"name": "convolutional", "layers": 3})
    options = Options(networks=("published:zoph-v1",), skips=found, random=2)
    networks = named_networks(options, space)
    names = ["zoph-v1", "found", "found, all skips", "found, no skips", "random 1", "random 2"]
    assert list(networks) == names
    inputs = {n: [each["inputs"] for each in a.to_dict()["layers"]] for n, a in networks.items()}
    assert inputs["found"] == [[], [1], [1]]
    assert inputs["found, all skips"] == [[], [1], [1, 2]]
    assert inputs["found, no skips"] == [[], [1], [2]]
    assert networks["random 1"] != networks["random 2"]
    assert networks == named_networks(options, space)


# -- the trainings -------------------------------------------------------------------------------
def problem(store):
    task = {"name": "digits", "train_size": 40, "validation_size": 20}
    return Problem(task, {"name": "convolutional", "layers": 3}, device="cpu", store=store)


def recipes(**changes):
    found = paper_and_modern(Options(env="NAS-Digits-v0", epochs=1))
    return {name: replace(recipe, **changes) for name, recipe in found.items()}


def test_networks_are_tested_once_by_each_recipe_and_seed_with_nothing_chosen(tmp_path):
    store, tables = str(tmp_path / "store.sqlite"), []
    for _ in range(2):
        with contextlib.closing(problem(store)) as own:
            networks = {"one": own.space.parse(NETWORK)}
            rows = evaluated(own, networks, recipes(), seeds=2)
            readings = [r for r in own.store.readings() if r.metric == "test_accuracy"]
        assert all("validation_accuracy" not in e.curves for own in rows["one"] for e in own)
        tables.append([[dict(each.metrics) for each in own] for own in rows["one"]])
        assert len(readings) == 4  # those of the first round
        assert {line.request["split"] for line in readings} == {"final"}
        assert sorted(line.request["seed"] for line in readings) == [0, 0, 1, 1]
    assert tables[0] == tables[1]
    assert np.shape(tables[0]) == (2, 2)


def test_a_training_that_diverges_is_named():
    with contextlib.closing(problem(None)) as own:
        networks = {"one": own.space.parse(NETWORK)}
        with pytest.raises(ChildrenFail, match="seed 0, paper, one: diverged"):
            evaluated(own, networks, recipes(learning_rate=1e30), seeds=1)


def test_the_program_writes_a_two_way_table(found, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_results, "FOLDER", tmp_path / "results")
    line = [*SMALL, "--skips", found, "--random", "1", "--seeds", "2", "--workers", "1"]
    assert main(line) == 0
    kept = json.loads((tmp_path / "results" / "ablation_NAS-Digits-v0.json").read_text())
    figures, printed = kept["figures"], capsys.readouterr().out
    assert list(figures["by network"]) == [*figures["networks"]]
    assert figures["networks"]["found"] == NETWORK
    assert figures["by network"]["found"]["parameters"] > 0
    for row in [*figures["by network"].values(), figures["all"]]:
        assert {"paper", "modern", "modern minus paper"} <= row.keys()
    assert sum(figures["shares of the variance"]["measured"].values()) == pytest.approx(100, abs=1)
    assert "seed 1, modern, found, no skips: 0." in printed
    assert "--store" not in kept["command"] and "--random 1" in kept["command"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--seeds", "1"], "--seeds is 1, expected 2 or more"),
        (["--skips", "nowhere.json"], "nowhere.json cannot be read"),
        (["--networks", "published:zoph"], "published architecture 'zoph'"),
        (["--networks", "published:lstm"], "unknown key 'nodes'"),
        (["--env", "NAS-Digits"], "did you mean 'NAS-Digits-v0'"),
        (["--env", "NAS-PTB-v0"], "unknown recipe 'modern'"),
    ],
)
def test_bad_input_gets_one_line(words, says, capsys):
    assert main([*SMALL, *words]) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1
