"""Checks of an agent."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

import torch

from agents import make_config
from nas_env.testing._broken import expect, run_checks
from nas_env.testing._played import CLOSING, STATIC, Played, kept, moves

SOME, MORE = 16, 8  # episodes


def settings_are_json(played: Played) -> None:
    """A configuration is made again from the spec of an agent."""
    member, where = played.member, played.method("config_class")
    frozen = is_dataclass(member.config_class) and member.config_class.__hash__ is not None
    expect(frozen, where, "a frozen dataclass", member.config_class)
    presets = list(member.presets)
    expect("default" in presets, played.method("presets"), "a preset 'default'", presets)
    with played.agent() as agent:
        again = make_config(json.loads(json.dumps(agent.spec)))[1]
        expect(again == agent.config, where, f"{agent.config}, made again from its spec", again)


def episodes_are_played_in_the_environment(played: Played) -> None:
    """Episodes are whole, of open options, as many as the budget, with the rewards they got."""
    for space in (STATIC, CLOSING):
        with played.on(space).agent() as agent:
            episodes, logs = played.play(agent, SOME)
            problem = agent.environment.unwrapped.problem  # type: ignore[attr-defined]
            where = played.method("advance")
            for episode in episodes:
                agent.search_space.check_tokens(episode.tokens)
                ((architecture, evaluation),) = problem.evaluate([episode.tokens])
                described = architecture.to_dict()
                expect(episode.architecture == described, where, f"{described}", episode)
                reward = problem.objective.reward(evaluation)
                expect(episode.reward == reward, where, f"the reward {reward}", episode.reward)
            for log in logs:
                finite = all(math.isfinite(value) for value in log.values())
                expect(finite, where, "finite numbers in the log", log)


def one_seed_gives_one_sequence(played: Played) -> None:
    """All randomness comes from the seed."""
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(len(found))  # the global state has no influence
        with played.agent(seed) as agent:
            found.append(moves(played.play(agent, SOME)[0]))
    where = played.method("advance")
    expect(found[0] == found[1], where, "the same episodes with one seed", found[:2])
    expect(found[0] != found[2], where, "other episodes with another seed", found[2])


def a_state_continues_as_the_agent_does(played: Played) -> None:
    """An agent that loads a state plays as the one that gave it, through a checkpoint's files."""
    with played.agent(1) as agent, played.agent(2) as other:
        played.play(agent, SOME)
        played.play(other, MORE)
        where = played.method("state")
        state = kept(agent.state())
        other.load_state(state)
        expected = moves(played.play(agent, MORE)[0])
        given = moves(played.play(other, MORE)[0])
        same = f"the same episodes after load_state: {expected}"
        expect(given == expected, where, same, given)


def a_state_is_a_copy(played: Played) -> None:
    """A state does not change by what the agent does later."""
    with played.agent() as agent:
        played.play(agent, SOME)
        state = agent.state()
        before = kept(state)
        played.play(agent, MORE)
        after = kept(state)
    where = played.method("state")
    expect(after.values == before.values, where, "a copy of the values", "what still changes")
    same = all(torch.equal(before.tensors[name], after.tensors[name]) for name in before.tensors)
    expect(same, where, "copies of the tensors", "what still changes")


def depth_is_an_option(played: Played) -> None:
    """After a change of ``options`` the episodes have that depth, unfinished ones too."""
    with played.agent() as agent:
        for layers in (1, 2, 3):
            agent.options = {"layers": layers}
            length = agent.search_space.length(layers)
            for episode in played.play(agent, MORE)[0]:
                whole = len(episode.tokens) == length
                expect(whole, played.method("advance"), f"{length} tokens", episode.tokens)
                agent.search_space.check_tokens(episode.tokens)


def children_may_finish_in_any_order(played: Played) -> None:
    """The agent learns from proposals in the order in which they finish."""
    if "finished" not in played.member.orders:
        return
    with played.agent() as agent:
        count = min(MORE, agent.config.batch_size)
        for _ in range(3):
            proposals = agent.propose(count)
            where = played.method("propose")
            expect(len(proposals) == count, where, f"{count} proposals", len(proposals))
            finished = agent.play(proposals)[::-1]
            log = agent.learn(finished)
            finite = all(math.isfinite(value) for value in log.values())
            expect(finite, played.method("learn"), "finite numbers to log", log)


def open_proposals_are_in_the_state(played: Played) -> None:
    """An agent that loads a state also knows what was proposed and is not learned from."""
    if "finished" not in played.member.orders:
        return
    with played.agent(1) as agent, played.agent(2) as other:
        count = min(MORE, agent.config.batch_size)
        agent.learn(agent.play(agent.propose(count)))
        agent.propose(count)
        other.load_state(kept(agent.state()))
        given, expected = other.proposals.open, agent.proposals.open
        where = f"{played.method('state')} (super().state())"
        expect(given == expected, where, f"the open proposals {list(expected)}", list(given))


#: What every agent keeps, one function for each part of the contract.
AGENT_CHECKS = (
    settings_are_json,
    episodes_are_played_in_the_environment,
    one_seed_gives_one_sequence,
    a_state_continues_as_the_agent_does,
    a_state_is_a_copy,
    depth_is_an_option,
    children_may_finish_in_any_order,
    open_proposals_are_in_the_state,
)


def check_agent(agent: str | Mapping[str, Any]) -> None:
    """Check that an agent keeps its contract.

    It plays about a hundred episodes in an environment that trains nothing.

    Args:
        agent: Name of the agent (``"package.module:NAME"``), or a mapping of ``name``, ``preset``
            and settings.

    Raises:
        ContractBroken: If it does not; the message says what was expected of which method.

    Example:
        >>> check_agent({"name": "evolution", "population_size": 5})
    """
    run_checks(AGENT_CHECKS, Played(agent))
