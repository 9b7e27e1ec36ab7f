"""Recipes that are compared by ``benchmarks.fidelity``, and the networks that they train."""

from typing import Any

import pytest

from benchmarks import fidelity
from benchmarks._candidates import CANDIDATES, NETWORKS, REFERENCE
from search_spaces import published_architecture

RECORD = "NAS-CIFAR10-Record-v0"


def options(**changes):
    return fidelity.Options(env=RECORD, device="cpu", **changes)


@pytest.mark.parametrize("env", CANDIDATES)
def test_every_candidate_is_a_recipe_of_its_own(env):
    made = {name: fidelity.problem(env, "cpu", name, 1.0).recipe for name in CANDIDATES[env]}
    assert len({str(recipe.spec) for recipe in made.values()}) == len(made)


def test_the_hand_made_network_and_two_like_it_are_within_the_limits():
    own = fidelity.problem(RECORD, "cpu", REFERENCE, 1.0)
    task: Any = own.task
    networks = [own.space.decode(tokens) for tokens in fidelity.named(options())]
    assert networks[0].to_dict() == published_architecture("airbench94")
    assert len(set(networks)) == len(NETWORKS[RECORD])
    for network in networks:
        cost = own.space.cost(network, task.input_shape, task.outputs)
        assert cost.parameters <= task.max_parameters and cost.flops <= task.max_flops


def test_more_random_networks_are_those_of_before_and_others(monkeypatch):
    monkeypatch.setattr(fidelity, "DRAWN", 20)
    few, more = (fidelity.spread(options(networks=count)) for count in (2, 5))
    assert len(set(more)) == 5 and set(few) < set(more)
