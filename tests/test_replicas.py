"""Replicas: each gradient is that of its replica's copy, and shards apply them as they come."""

from itertools import islice

import numpy as np
import pytest
import torch

from agents import Episode, make_config
from agents._controller.trained import policy_loss
from agents._replicas.servers import Draw
from agents._tensors import below
from search_spaces import InvalidValue, UnknownName
from tests._toys import Rising, Words, make, played
from tests.test_order import forget, learned, search

PLAIN = {
    "default": {},
    "adam": {"optimiser": "adam", "learning_rate": 0.01, "decision_bias": False},
    "clipped": {"max_gradient_norm": 0.1, "baseline": "batch_mean", "entropy": 0.0},
}


def weights(agent):
    """The weights by name."""
    return below("policy.weights", agent.state().tensors)


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def finished(proposals, reward=np.mean):
    return [Episode(p.tokens, float(reward(p.tokens)), {}, {}, p) for p in proposals]


def hand_over(agent, waiting, numbers):
    """Let children of these numbers finish, one after the other."""
    for number in numbers:
        agent.learn(finished([waiting[number]]))


# -- one replica ---------------------------------------------------------------------------------
@pytest.mark.parametrize("shards", [1, 3, 40])
@pytest.mark.parametrize("settings", PLAIN.values(), ids=PLAIN)
@pytest.mark.parametrize("space", [Words(), Rising()], ids=["static", "closing"])
def test_one_replica_is_the_plain_agent_to_the_last_bit(space, settings, shards):
    """After each update, also where the depth changes and a batch is not whole."""
    plain = make("reinforce", space=space, batch_size=3, ahead=0, **settings)
    agent = make("replicas", space=space, replicas=1, children=3, shards=shards, **settings)
    for layers, budget in ((4, 16), (2, 7), (4, 10)):
        plain.options = agent.options = {"layers": layers}
        while budget > 0:
            one, other = plain.advance(budget), agent.advance(budget)
            budget -= len(one.episodes)
            assert [e.tokens for e in one.episodes] == [e.tokens for e in other.episodes]
            assert one.log == {n: v for n, v in other.log.items() if "staleness" not in n}
            named = dict(plain.controller.named_parameters())
            assert equal({name: weights(plain)[name] for name in named}, weights(agent))


# -- many ----------------------------------------------------------------------------------------
def test_a_gradient_is_that_of_the_copy_from_which_its_children_were_sampled():
    agent = make("replicas", replicas=3, children=2, standardise=False, entropy=0.0)
    plain = make("reinforce", batch_size=2, ahead=0)  # has the same weights at first
    first, second, third = (finished(agent.propose(2)) for _ in range(3))
    agent.learn(first)  # the baseline begins
    agent.learn(second)
    before, baseline = weights(agent), agent.advantages[0].baseline.value
    assert not equal(before, weights(plain))
    agent.learn(third)
    amounts = torch.tensor([e.reward - baseline for e in third], dtype=torch.float32)
    policy = plain.policy.evaluate(np.array([e.tokens for e in third]))
    policy_loss(policy, amounts).backward()
    for name, parameter in plain.controller.named_parameters():
        expected = before[name] - 0.36 * parameter.grad
        torch.testing.assert_close(weights(agent)[name], expected, rtol=0, atol=1e-7)


def test_a_gradient_is_as_stale_as_there_were_updates_since_its_copy_was_fetched():
    agent = make("replicas", replicas=4, children=2)
    logs = [agent.advance(100).log for _ in range(20)]
    stale = [log.get("staleness_max") for log in logs]
    assert stale == [None, 0, 1, 2, *[3] * 16]  # the first makes no update
    assert agent.staleness == {0: 1, 1: 1, 2: 1, 3: 16} and agent.version == 19
    assert len(agent.copies) == 4  # of the versions that replicas have


def test_an_update_follows_the_mean_of_the_gradients_that_have_gathered():
    settings = {"replicas": 6, "children": 1, "standardise": False, "shards": 2}
    agent, alone = make("replicas", gather=3, **settings), make("replicas", **settings)
    begin = weights(agent)
    logs = []
    for each in (agent, alone):  # all have the same copy, so that gradients add up
        logs.append([each.learn(finished([p])) for p in each.propose(4)])
        assert not equal(weights(each), begin)
    assert [log.get("staleness_mean") for log in logs[0]] == [None, None, None, 0.0]
    assert agent.version == 1 and alone.version == 3
    for name, weight in weights(agent).items():
        expected = begin[name] + (weights(alone)[name] - begin[name]) / 3
        torch.testing.assert_close(weight, expected, rtol=0, atol=1e-6)


def test_what_is_learned_depends_on_nothing_but_the_order_in_which_children_finish():
    """Not on how many are handed over at once, nor on when others are proposed."""
    one, other = (make("replicas", replicas=3, children=2) for _ in range(2))
    order = np.random.default_rng(0)
    waiting = {p.number: p for p in one.propose(6)}
    assert one.propose(1) == []  # all wait for theirs
    other.propose(2)
    for _ in range(30):
        numbers = order.choice(list(waiting), size=2, replace=False)
        while other.proposals.made <= max(numbers):
            other.propose(1)
        batch = finished([waiting.pop(number) for number in numbers])
        one.learn(batch)
        for episode in batch:
            other.learn([episode._replace(proposal=other.proposals.open[episode.proposal.number])])
        waiting |= {p.number: p for p in one.propose(6)}
    other.propose(6)
    same, found = one.state(), other.state()
    assert same.values["children"] == found.values["children"]
    assert equal(same.tensors, found.tensors)


def test_the_order_within_a_replica_does_not_matter():
    one, other = (make("replicas", replicas=2, children=4) for _ in range(2))
    for _ in range(5):
        one.learn(finished(one.propose(4)))
        other.learn(finished(other.propose(4))[::-1])
    assert equal(weights(one), weights(other)) and one.version == 4


def test_replicas_have_random_states_of_their_own():
    agent = make("replicas", replicas=50, children=1)
    assert len({p.tokens for p in agent.propose(50)}) > 40
    more = make("replicas", replicas=51, children=1)
    assert [p.tokens for p in more.propose(50)] == [p.tokens for p in agent.proposals.open.values()]


def test_equal_copies_are_sampled_together_as_apart():
    agent = make("replicas", replicas=5, children=3)
    draws = [Draw(k, 0, random, 3) for k, random in enumerate(agent.randoms)]
    together = agent.servers.sample(draws, agent.copies, 8)
    for draw, (tokens, random) in zip(draws, together, strict=True):
        ((alone, after),) = agent.servers.sample([draw], agent.copies, 8)
        assert np.array_equal(tokens, alone) and torch.equal(random, after)


@pytest.mark.parametrize("shared", [True, False])
def test_a_baseline_is_of_all_rewards_or_of_the_replicas_own(shared):
    agent = make("replicas", replicas=3, children=2, shared_baseline=shared)
    for _ in range(9):
        agent.advance(100)
    assert agent.version == (8 if shared else 6)  # the first of a baseline makes no update
    means = {each.baseline.value for each in agent.advantages}
    assert len(means) == (1 if shared else 3)


def test_it_learns_though_its_gradients_are_stale():
    """A random sequence matches a third of the target: a reward of 0.06."""
    means = []
    for seed in range(3):
        target = np.random.default_rng(seed).integers(3, size=8)
        agent = make("replicas", reward=lambda t, own=target: np.mean(t == own) ** 3, seed=seed)
        means.append(np.mean([episode.reward for episode in played(agent, 200)[150:]]))
    assert np.mean(means) > 0.25, means


# -- depth and budget ----------------------------------------------------------------------------
def test_children_in_line_are_dropped_where_the_depth_changes():
    agent = make("replicas", replicas=2, children=3, baseline="none", standardise=False)
    agent.options = {"layers": 1}
    waiting = dict(enumerate(agent.propose(2)))
    hand_over(agent, waiting, [1, 0])
    agent.options = {"layers": 3}
    (proposal,) = agent.propose(1)
    assert len(proposal.tokens) == 6 and proposal.number == 2
    assert agent.version == 1  # two of three had finished, of which one gradient was made
    assert len(agent.propose(9)) == 5 and not agent.propose(1)


def test_no_more_is_sampled_than_the_budget_has():
    agent = make("replicas", replicas=3, children=4)
    announced = []
    agent.environment.unwrapped.announce = lambda tokens: announced.extend(tokens.tolist())
    episodes = agent.advance(10).episodes
    assert len(episodes) == 4 and len(announced) == agent.proposals.made == 10
    episodes += played(agent, 6)
    assert [list(episode.tokens) for episode in episodes] == announced
    assert not agent.proposals.open


# -- states --------------------------------------------------------------------------------------
def test_a_state_does_not_depend_on_the_number_of_shards():
    settings = {"replicas": 3, "gather": 2, "optimiser": "adam", "learning_rate": 0.01}
    one, other = make("replicas", shards=1, **settings), make("replicas", shards=7, **settings)
    played(one, 12)
    waiting = list(islice(one.proposals.open.values(), 3))
    one.learn(finished(waiting[1:2]))
    other.load_state(one.state())
    assert equal(one.state().tensors, other.state().tensors)
    assert played(one, 20) == played(other, 20)
    assert equal(one.state().tensors, other.state().tensors)


def test_more_workers_than_children_are_no_harm(tmp_path):
    """All children are on their way, and the search goes on through the same order."""
    spec = {"name": "replicas", "replicas": 1, "children": 2}
    whole = search(tmp_path, spec, children=9, workers=4)
    assert max(record["proposed"] - i for i, record in enumerate(whole.records)) <= 2
    forget(tmp_path)
    again = search(tmp_path, spec, children=9, workers=1)
    assert again.records == whole.records and learned(again.agent) == learned(whole.agent)


# -- settings ------------------------------------------------------------------------------------
def test_settings():
    for bad in ({"replicas": 0}, {"children": 0}, {"shards": 0}, {"gather": 0}, {"actors": -1}):
        with pytest.raises(InvalidValue, match=f"{next(iter(bad))} is"):
            make_config({"name": "replicas", **bad})
    with pytest.raises(InvalidValue, match=r"children is 1.*expected children 2 or more"):
        make_config({"name": "replicas", "children": 1, "baseline": "batch_mean"})
    for none in ("ahead", "batch_size", "avoid_repeats"):
        with pytest.raises(UnknownName, match=none):
            make_config({"name": "replicas", none: 1})
    paper = make_config({"name": "replicas", "preset": "paper"})[1]
    assert (paper.children_at_once, paper.shards, paper.gather) == (800, 20, 1)
    recurrent = make_config({"name": "replicas", "preset": "paper_recurrent"})[1]
    assert (recurrent.children_at_once, recurrent.shards, recurrent.gather) == (400, 20, 10)
