"""Replicas and shards as Ray actors learn what they learn in one process, whoever of them dies."""

import os
import sys
import time

import pytest
import torch

from agents import AgentFailed
from search_spaces import InvalidValue
from tests._cluster import add_node, started
from tests._toys import make, played

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'nas-env[cluster]'")

SETTINGS = {"replicas": 3, "children": 2, "gather": 2, "optimiser": "adam", "learning_rate": 0.01}


@pytest.fixture(scope="module")
def cluster():
    """A cluster of one node; agents join it by ``RAY_ADDRESS``."""
    with started(1) as made:
        yield made


@pytest.fixture
def pair():
    """An agent in one process, in the middle of a search, and a function that makes its twin."""
    torch.set_num_threads(1)
    agent = make("replicas", shards=3, **SETTINGS)
    played(agent, 15)

    def twin(**settings):
        found = make("replicas", seed=1, **SETTINGS, **settings)
        found.load_state(agent.state())
        return found

    return agent, twin


def agree(agent, other, episodes):
    """Both play and learn the same."""
    one, two = played(agent, episodes), played(other, episodes)
    assert [(e.tokens, e.reward) for e in one] == [(e.tokens, e.reward) for e in two]
    one, two = agent.state(), other.state()
    assert one.values == two.values and one.tensors.keys() == two.tensors.keys()
    assert all(torch.equal(one.tensors[name], two.tensors[name]) for name in one.tensors)


def test_actors_learn_what_one_process_learns_though_one_of_each_is_killed(cluster, pair):
    agent, twin = pair
    other = twin(actors=1, shards=2)
    agree(agent, other, 7)
    ray.kill(other.servers.groups[0])
    ray.kill(other.servers.shards[1])
    agree(agent, other, 16)


class DeadOnArrival:
    """An actor whose process ends before it can work."""

    def __init__(self, *_):
        os._exit(1)

    def sample(self, *_):
        """Sample nothing."""


def test_actors_that_always_die_end_in_one_line(cluster, pair):
    _, twin = pair
    other = twin(actors=1)
    other.servers._group = ray.remote(num_cpus=0)(DeadOnArrival)
    ray.kill(other.servers.groups[0])
    with pytest.raises(AgentFailed, match="died 5 times under one piece of work: ") as told:
        played(other, 30)
    assert "\n" not in str(told.value)


def test_a_node_that_dies_changes_nothing(cluster, pair):
    agent, twin = pair
    node = add_node(cluster)
    other = on_two_nodes(twin)
    agree(agent, other, 7)
    cluster.remove_node(node, allow_graceful=False)
    agree(agent, other, 16)


def on_two_nodes(twin):
    """Make a twin with actors on both nodes; Ray may take a moment to place some on a new one."""
    for _ in range(60):
        other = twin(actors=2, shards=1)
        if len({*map(node_of, [*other.servers.shards, *other.servers.groups])}) == 2:
            return other
        time.sleep(0.5)
    raise AssertionError("Ray places all actors on one node")


def node_of(actor):
    return ray.get(actor.__ray_call__.remote(lambda _: ray.get_runtime_context().get_node_id()))


def test_without_ray_a_line_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InvalidValue, match=r"actors is 2, but Ray is not installed.*actors 0"):
        make("replicas", actors=2)
