"""An agent under test, and environments that it plays in no time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import safetensors.torch

from agents import Agent, Episode, State, agent_class, make_agent, make_config
from nas_env.env.vector import NASVectorEnv
from nas_env.testing._broken import Case, ContractBroken
from search_spaces._settings import named

STATIC, CLOSING = "convolutional", "nas_env.testing._formula:NoRepeats"
SPACE = {"layers": 3, "filter_sizes": [1, 3], "filters": [2, 3, 4]}  # 12 decisions
PATIENCE = 100  # advances without an episode, after which none is expected any more

#: What can be compared of episodes: tokens and reward of each.
Moves = list[tuple[tuple[int, ...], float]]


@dataclass(frozen=True)
class Played(Case):
    """An agent, by its name and settings, and the space that it plays.

    Attributes:
        spec: Name of the agent, or name, preset and settings.
        space: Name of a space.
    """

    spec: str | Mapping[str, Any]
    space: str = STATIC

    @property
    def member(self) -> type[Agent]:
        """The class of the agent."""
        return agent_class(named(self.spec, "agent")[0])

    @property
    def title(self) -> str:
        """The name of its class."""
        return self.member.__name__

    def on(self, space: str) -> Played:
        """Return the same agent for another space."""
        return replace(self, space=space)

    @contextmanager
    def agent(self, seed: int = 1) -> Iterator[Agent]:
        """Make the agent and its environment; the environment is closed when the block ends."""
        environment = NASVectorEnv(
            num_envs=make_config(self.spec)[1].batch_size,
            task="nas_env.testing._noise:Noise",
            space={"name": self.space, **SPACE},
            evaluator="nas_env.testing._formula:Formula",
            device="cpu",
        )
        try:
            yield make_agent(self.spec, environment, seed)
        finally:
            environment.close()

    def play(self, agent: Agent, budget: int) -> tuple[list[Episode], list[Mapping[str, float]]]:
        """Let an agent play a budget; return its episodes, and what it logged.

        Raises:
            ContractBroken: If it plays more than it may, or nothing at all.
        """
        episodes: list[Episode] = []
        logs: list[Mapping[str, float]] = []
        idle = 0
        while len(episodes) < budget:
            left = budget - len(episodes)
            advance = agent.advance(left)
            idle = 0 if advance.episodes else idle + 1
            if len(advance.episodes) > left or idle > PATIENCE:
                raise ContractBroken(
                    f"{self.method('advance')}: expected 1 to {left} episodes, got "
                    f"{len(advance.episodes)}"
                )
            episodes += advance.episodes
            logs.append(advance.log)
        return episodes, logs


def moves(episodes: Sequence[Episode]) -> Moves:
    """Return what can be compared of episodes."""
    return [(tuple(episode.tokens), episode.reward) for episode in episodes]


def kept(state: State) -> State:
    """Return a state as it is after it was written to a checkpoint, and read again.

    Raises:
        ValueError: If it holds something else than tensors and JSON values.
        TypeError: If it does.
    """
    tensors = safetensors.torch.load(safetensors.torch.save(state.tensors))
    return State(tensors, json.loads(json.dumps(state.values, allow_nan=False)))
