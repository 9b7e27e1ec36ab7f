"""A proposal keeps what learning needs of the moment at which it was made."""

from itertools import product

import numpy as np
import pytest
import torch

from agents import Episode, agent_class, agent_names
from agents.controller_ppo import clipped_loss
from tests._toys import Words, make, played

OURS = [name for name in agent_names() if "finished" in agent_class(name).orders]
SMALL = Words(layers=3, per_layer=1, options=2)


def finished(proposals, reward=np.mean):
    return [Episode(p.tokens, float(reward(p.tokens)), {}, {}, p) for p in proposals]


def test_our_own_agents_take_children_in_any_order_and_others_say_that_they_do_not():
    assert {"reinforce", "controller_ppo", "evolution", "random_search"} <= set(OURS)
    assert not {"ppo", "a2c", "dqn", "maskable_ppo", "recurrent_ppo"} & set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_a_proposal_is_open_until_it_was_learned_from(name):
    agent = make(name)
    first, second = agent.propose(1), agent.propose(2)
    assert [p.number for p in [*first, *second]] == [0, 1, 2]
    assert list(agent.proposals.open) == [0, 1, 2]
    agent.learn(finished(second))
    (third,) = agent.propose(1)
    assert (first[0].version, third.version) == (0, 1)
    other = make(name, seed=1)
    other.load_state(agent.state())
    assert other.proposals.open == agent.proposals.open == {0: first[0], 3: third}
    assert other.propose(1)[0].number == 4


@pytest.mark.parametrize("name", OURS)
def test_children_may_finish_in_any_order(name):
    agent, rng = make(name), np.random.default_rng(0)
    waiting = agent.propose(4)
    for _ in range(40):
        batch = [waiting.pop(rng.integers(len(waiting))) for _ in range(2)]
        log = agent.learn(finished(batch))
        assert all(np.isfinite(list(log.values())))
        waiting += agent.propose(2)
    assert [p.number for p in waiting] == sorted(agent.proposals.open)


@pytest.mark.parametrize("name", ["reinforce", "reinforce_tabular"])
def test_the_correction_has_no_effect_without_a_delay(name):
    plain = make(name, batch_size=2, ahead=0)
    corrected = make(name, batch_size=2, ahead=0, max_ratio=1.0)
    assert played(plain, 60)[-1][:2] == played(corrected, 60)[-1][:2]
    one, two = plain.state().tensors, corrected.state().tensors
    assert all(torch.equal(one[key], two[key]) for key in one)


def moved(max_ratio, delay):
    """How far one step moves the logits, if every sequence comes as often as its policy says."""
    agent = make("reinforce_tabular", space=SMALL, baseline="none", standardise=False,
                 entropy=0.0, max_ratio=max_ratio)  # fmt: skip
    agent.policy.b[:] = [[0.3, -0.2], [0.1, 0.4], [-0.5, 0.2]]
    sequences = np.array(list(product((0, 1), repeat=3)))
    chances = np.exp(agent.policy.log_probabilities(sequences).sum(axis=1))
    proposals = agent.proposals.add(sequences, agent.log_probabilities(sequences))
    if delay:
        agent.proposals.version += 1
        agent.policy.b[:] = [[0.0, 0.1], [0.4, 0.4], [0.1, -0.1]]
        if delay == "drawn again":
            chances = np.exp(agent.policy.log_probabilities(sequences).sum(axis=1))
            proposals = agent.proposals.add(sequences, agent.log_probabilities(sequences))
    before = agent.policy.b.copy()
    rewards = np.array([0.0, 1.0, 0.5, 0.2, 0.9, 0.1, 0.3, 0.7]) * chances
    agent.learn([Episode(p.tokens, r, {}, {}, p) for p, r in zip(proposals, rewards, strict=True)])
    return agent.policy.b - before


def test_weighed_by_the_ratio_a_late_gradient_is_that_of_the_present_policy():
    present = moved(None, "drawn again")
    np.testing.assert_allclose(moved(100.0, "late"), present, atol=1e-12)
    assert np.abs(moved(None, "late") - present).max() > 0.001


def test_the_surrogate_compares_with_the_policy_that_proposed(monkeypatch):
    agent, seen = make("controller_ppo", batch_size=2, epochs=1), []
    agent.learn(finished(agent.propose(2)))  # the baseline starts
    late = agent.propose(2)
    then = agent.policy.log_probabilities(np.array([p.tokens for p in late]))
    agent.learn(finished(agent.propose(2), reward=lambda tokens: tokens[0]))
    now = agent.policy.log_probabilities(np.array([p.tokens for p in late]))
    assert np.abs(now - then).max() > 1e-4
    monkeypatch.setattr(
        "agents.controller_ppo.clipped_loss",
        lambda new, old, *rest: seen.append(old.numpy()) or clipped_loss(new, old, *rest),
    )
    agent.learn(finished(late))
    np.testing.assert_array_equal(seen[0], then)
