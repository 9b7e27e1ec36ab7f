"""The study of scale: its searches, what is told of them, and its pictures."""

import numpy as np
import pytest
import torch

from benchmarks import _scale_pictures, scale
from benchmarks._scale import Arm, Played, differences, play, told

FIGURES = {"utilisation": 0.5, "distinct": 3}
SIMULATED = {"children_per_hour": 2.0, "node_failures": 0, "seconds_lost": 0.0}


def made(rewards, late=()):
    """A search whose children arrived an hour apart."""
    figures = {**FIGURES, "simulated": SIMULATED}
    hours = np.arange(1.0, len(rewards) + 1)
    return Played(np.array(rewards), hours, np.array(late, dtype=int), figures)


@pytest.fixture(scope="module")
def played():
    torch.set_num_threads(1)
    arms = {**scale.clusters(0.01), **scale.eight(0.05), **scale.longest(0.5)}
    return {name: [play((arm, seed)) for seed in range(2)] for name, arm in arms.items()}


def test_what_is_told_is_what_was_played():
    searches = [made([0.1, 0.8, 0.2], [0, 1, 5]), made([0.76, 0.1, 0.1], [0, 0, 0])]
    figures = told(searches)
    assert figures["hours to a child of 0.75"] == 1.5
    assert figures["hours to a mean of 0.7"] is None
    assert figures["mean reward"][0] == round((1.1 / 3 + 0.96 / 3) / 2, 4)
    assert figures["staleness"] == {"mean": 1.0, "half": 0.0, "95%": 4.0, "most": 5}
    assert "node failures" not in figures
    assert differences(searches, searches) == [0.0, 0.0]


def test_replicas_of_children_are_workers(played):
    arms = scale.clusters(0.01)
    for replicas, batch in ((1, 1), (100, 8), (100, 100)):
        arm = arms[scale.name_of(replicas, batch)]
        assert (arm.workers, arm.batch) == (replicas * batch, batch)
    assert len(played[scale.name_of(100, 100)][0].rewards) == 200
    assert played[scale.in_order(8)][0].late.size == 0
    alone, many = (played[scale.name_of(k, 1)][0] for k in (1, 8))
    assert not alone.late.any() and many.late[-1] > 0
    assert set(scale.costs(played)) == {
        n for n in arms if n.startswith(("K 8", "K 100")) and "store" not in n
    }


def test_the_longest_first_is_the_faster(played):
    figures = scale.longest_told(played)
    for rounds in scale.ROUNDS:
        slow, fast = (figures[f"{8 * rounds} a batch, {n}"]["utilisation"] for n in scale.BEGUN)
        assert fast[0] > slow[0]


def test_eight_workers_are_compared_seed_by_seed(played):
    for row in scale.eight_told(played).values():
        assert row["utilisation"]["finished"] > 0 and len(row["children an hour, ratio"]) == 2


def test_pictures(played, tmp_path):
    clusters = {name: told(played[name]) for name in scale.clusters(0.01)}
    _scale_pictures.draw(played, {"clusters": clusters}, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        f"{name}.png" for name in ("busy", "samples", "hours", "staleness")
    }


def test_a_search_with_a_seed_can_be_repeated():
    arm = Arm(8, 16, 60)
    one, two = play((arm, 3)), play((arm, 3))
    assert np.array_equal(one.rewards, two.rewards) and np.array_equal(one.hours, two.hours)
    assert not np.array_equal(one.rewards, play((arm, 4)).rewards)


def test_the_scheme_of_the_paper_is_played_on_its_800_workers():
    arm = scale.schemes(0.01)["replicas, 800 workers"]
    assert arm.spec == {"name": "replicas", "replicas": 100, "shards": 20, "children": 8}
    assert arm.workers == 800 and len(play((arm, 0)).rewards) == 40
