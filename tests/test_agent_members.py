"""Single agents of the catalogue: the rule of each is the one of its paper."""

import numpy as np
import pytest
import torch

from agents import Episode
from agents._controller.controller import Policy
from agents._controller.trained import policy_loss
from agents._gradient.baselines import Ranks
from agents.controller_ppo import clipped_loss
from tests._toys import Words, make, played


def test_the_oldest_dies_not_the_worst():
    agent = make("evolution", population_size=3, sample_size=2)
    rewards = [0.9, 0.1, 0.2, 0.3, 0.0]
    rows = np.eye(5, 8, dtype=np.int64).tolist()
    for row, reward in zip(rows, rewards, strict=True):
        agent.learn([Episode(tuple(row), reward, {}, {})])
    assert list(agent.population) == [(tuple(rows[i]), rewards[i]) for i in (2, 3, 4)]


def test_a_child_is_the_best_of_the_sample_with_one_change():
    agent = make("evolution", population_size=20, sample_size=300)  # all but surely all of them
    episodes = played(agent, 20)
    best = max(episodes, key=lambda episode: episode.reward)
    ties = [e.tokens for e in episodes if e.reward == best.reward]
    for child in agent.draw(10):
        assert min((child != np.array(parent)).sum() for parent in ties) == 1


def test_evolution_is_random_at_first():
    agent = make("evolution", population_size=30)
    expected = np.random.default_rng(0).integers(3, size=(30, 8))
    assert [e.tokens for e in played(agent, 30)] == [tuple(row) for row in expected.tolist()]


def climb(**settings):
    """A climb up the sum of the tokens from the best of 4."""
    agent = make("local_search", space=Words(options=4), samples=4, **settings)
    start = max(played(agent, 4), key=lambda episode: episode.reward)
    return agent, start


@pytest.mark.parametrize("batch_size", [1, 3])
def test_hill_climbing_moves_on_the_first_improvement(batch_size):
    agent, best = climb(batch_size=batch_size)
    while best.reward < 3:
        episodes = agent.advance(batch_size).episodes
        for episode in episodes:
            assert (np.array(episode.tokens) != best.tokens).sum() == 1
        best = max([best, *episodes], key=lambda episode: episode.reward)
        assert agent.best == best.tokens and agent.reward == best.reward


def test_hill_climbing_restarts_where_no_neighbour_is_left():
    agent, best = climb(avoid_repeats=False)
    while best.reward < 3:
        best = max([best, *played(agent, 1)], key=lambda episode: episode.reward)
    around = played(agent, 24)
    assert len({episode.tokens for episode in around}) == 24  # all neighbours of the optimum
    assert agent.moves == [] and agent.best == (3,) * 8
    (fresh,) = played(agent, 1)
    assert agent.best == fresh.tokens != best.tokens


def queue_agent(**settings):
    return make("priority_queue", seed=1, **settings)


def test_the_queue_holds_the_best_different_architectures():
    agent = queue_agent(queue_size=3, avoid_repeats=False, start=100)
    rows = [(n,) * 8 for n in (0, 1, 0, 2, 1, 2)]
    for row, reward in zip(rows, [0.5, 0.2, 0.5, 0.9, 0.2, 0.9], strict=True):
        agent.learn([Episode(row, reward, {}, {})])
    assert agent.queue == [(0.9, rows[3]), (0.5, rows[0]), (0.2, rows[1])]
    agent.learn([Episode((0,) * 7 + (n,), 0.4, {}, {}) for n in (1, 2)])
    assert [reward for reward, _ in agent.queue] == [0.9, 0.5, 0.4]
    agent.learn([Episode((0, 0), 0.1, {}, {})])
    assert agent.queue == [(0.1, (0, 0))]  # of another depth


def test_the_two_steps_of_the_queue(monkeypatch):
    agent, seen = queue_agent(start=3, queue_size=2), []
    ascend = agent.policy.ascend
    monkeypatch.setattr(
        agent.policy,
        "ascend",
        lambda t, w, e: seen.append((t.tolist(), w.tolist(), e)) or ascend(t, w, e),
    )
    rows = [(n, 0, 0, 0, 0, 0, 0, 0) for n in range(3)] + [(1,) * 8]
    for row, reward in zip(rows, [0.1, 0.4, 0.3, 0.35], strict=True):
        agent.learn([Episode(row, reward, {}, {})])
    # u: 0 (there is nothing to compare with), 1, 0; 0.35 beats two of three: 1/3.
    baseline = 0.9 * (0.1 * 1.0)
    assert seen[0] == ([list(rows[3])], [pytest.approx(1 / 3 - baseline)], 0.1)
    assert seen[1] == ([list(rows[1]), list(rows[3])], [1.0, 1.0], 0.1)
    assert len(seen) == 2 and (agent.policy.b != 0).any()


def test_the_rank_of_a_reward_is_among_earlier_ones():
    ranks = Ranks()
    assert ranks.score(0.3) == 0.0
    ranks.update([0.1, 0.3, 0.3, 0.9])
    assert [ranks.score(r) for r in (0.0, 0.3, 0.5, 0.9, 1.0)] == [-1, 0, 0.5, 0.75, 1]


def test_the_surrogate_begins_with_the_gradient_of_reinforce():
    torch.manual_seed(0)
    logs = torch.randn(4, 6, dtype=torch.float64, requires_grad=True)
    advantages = torch.randn(4, dtype=torch.float64)
    policy = Policy(logs, torch.zeros_like(logs))
    ours = torch.autograd.grad(clipped_loss(logs, logs.detach(), advantages, 0.2), logs)
    theirs = torch.autograd.grad(policy_loss(policy, advantages), logs)
    torch.testing.assert_close(ours, theirs)


def test_the_surrogate_stops_where_the_ratio_leaves_its_range():
    old = torch.zeros(2, 2)
    new = torch.tensor([[0.5, -0.5], [0.5, -0.5]], requires_grad=True)
    loss = clipped_loss(new, old, torch.tensor([1.0, -1.0]), 0.2)
    ratio = np.exp([0.5, -0.5])
    expected = -((1.2 + ratio[1]) + (-ratio[0] - 0.8)) / 2
    assert loss.item() == pytest.approx(expected)
    (slope,) = torch.autograd.grad(loss, new)
    assert (slope != 0).tolist() == [[False, True], [True, False]]
