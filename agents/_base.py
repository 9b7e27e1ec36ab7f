"""The protocol of an agent: it plays episodes through a vector environment, and learns.

A member defines :meth:`Agent.draw` and :meth:`Agent.update`, and adds what it must remember to
:meth:`Agent.state` and :meth:`Agent.load_state`. A search plays it by :meth:`Agent.propose` and
:meth:`Agent.learn` where children may finish in any order, else by :meth:`Agent.advance`, which
does both. A member with a loop of its own overrides :meth:`Agent.advance`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from gymnasium.vector import VectorEnv
from torch import Tensor

from agents._proposals import Episode, Proposal, Proposals, tokens_of
from search_spaces import SearchSpace, _catalogue


class AgentFailed(Exception):
    """An agent cannot go on, through no fault of its settings: one line says why."""


@dataclass(frozen=True)
class AgentConfig:
    """Settings that every agent has; a member adds its own.

    Attributes:
        batch_size: Number of episodes played at once, between two updates.
    """

    batch_size: int = 1

    #: The settings of which larger values ask for more children at the same time.
    busier: ClassVar[tuple[str, ...]] = ("batch_size",)

    @property
    def children_at_once(self) -> int:
        """The number of children that are on their way at the same time."""
        return self.batch_size


class Advance(NamedTuple):
    """The result of one call of :meth:`Agent.advance`.

    Attributes:
        episodes: Finished episodes, in the order in which they were requested.
        log: Figures of the update for the log; empty if there was no update.
    """

    episodes: list[Episode]
    log: dict[str, float]


@dataclass
class State:
    """Everything that an agent's next advance depends on: tensors and JSON values."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


Config = TypeVar("Config", bound=AgentConfig)


class DesignEnvironment(Protocol):
    """The environment below its wrappers, as far as Gymnasium's API does not describe it."""

    @property
    def search_space(self) -> SearchSpace:
        """The search space whose decisions are taken."""
        ...

    def announce(self, tokens: np.ndarray) -> None:
        """Announce sequences, int64 (n, decisions), that will be played soon.

        An agent that proposes none ahead of time never calls it.
        """
        ...


class Agent(ABC, Generic[Config]):
    """Chooses tokens, and learns from rewards.

    Args:
        environment: A Gymnasium vector environment with a ``search_space``, SAME_STEP autoreset
            and ``config.batch_size`` episodes.
        config: Configuration, of the member's own class.
        seed: Seed of all that the agent does.

    Attributes:
        options: Reset options of the environment (``{"layers": 8}``); changed only between two
            advances.
        proposals: Proposals that the agent has not learned from yet.
        orders: Orders in which the agent can be handed its children.
    """

    orders: ClassVar[tuple[str, ...]] = ("submitted", "finished")

    config_class: ClassVar[type[AgentConfig]] = AgentConfig
    #: Configurations by name; each has at least ``"default"``.
    presets: ClassVar[Mapping[str, AgentConfig]] = {"default": AgentConfig()}

    def __init__(self, environment: VectorEnv, config: Config, seed: int):
        self.environment = environment
        self.config = config
        self.seed = seed
        self.options: dict[str, Any] = {}
        self.proposals = Proposals()
        self._applied: dict[str, Any] | None = None

    @property
    def designs(self) -> DesignEnvironment:
        """The environment without its wrappers."""
        return self.environment.unwrapped  # type: ignore[return-value]

    @cached_property
    def search_space(self) -> SearchSpace:
        """The search space of the environment."""
        return self.designs.search_space

    @property
    def batch_size(self) -> int:
        """The number of episodes of an update."""
        return self.config.batch_size

    @abstractmethod
    def draw(self, count: int) -> np.ndarray:
        """Draw complete sequences of tokens to play next, int64 (count, decisions)."""

    @abstractmethod
    def update(self, finished: Sequence[Episode]) -> dict[str, float]:
        """Learn from episodes that were proposed, and return figures for the log."""

    def log_probabilities(self, tokens: np.ndarray) -> np.ndarray | None:
        """Return log-probabilities of tokens by the present policy, both (m, decisions).

        None, as here, if :meth:`update` does not need to know them.
        """
        return None

    def propose(self, count: int) -> list[Proposal]:
        """Return proposals to play next; each stays open until it has been learned from.

        There are fewer, or none, where :meth:`draw` must wait for others to finish.
        """
        tokens = self.draw(count)
        return self.proposals.add(tokens, self.log_probabilities(tokens))

    def learn(self, finished: Sequence[Episode]) -> dict[str, float]:
        """Learn from episodes in the order in which they finished; return figures for the log."""
        log = self.update(finished)
        self.proposals.learned(finished)
        return log

    def state(self) -> State:
        """Return everything that the next :meth:`advance` depends on; a member adds its own."""
        return State(values={"proposals": self.proposals.state()})

    def load_state(self, state: State) -> None:
        """Restore a state of the same member and configuration."""
        self.proposals.load_state(state.values["proposals"])

    def advance(self, episodes: int) -> Advance:
        """Play at most ``episodes`` episodes, learn once, and return them.

        Args:
            episodes: Rest of the budget under the present ``options``. An agent may propose up to
                so many sequences ahead of time.
        """
        count = min(episodes, self.config.batch_size)
        finished = self.play(self.propose(count))
        return Advance(finished, self.learn(finished))

    def play(self, proposals: Sequence[Proposal]) -> list[Episode]:
        """Play proposals, at most as many as the environment has episodes.

        If there are fewer, the other episodes repeat the first, whose evaluation is cached.
        """
        if self._applied != self.options:
            self.environment.reset(options=dict(self.options))
            self._applied = dict(self.options)
        rows = np.zeros(self.environment.num_envs, dtype=np.int64)
        rows[: len(proposals)] = np.arange(len(proposals))
        *earlier, last = tokens_of(proposals)[rows].T
        for column in earlier:
            self.environment.step(column)
        _, rewards, _, _, info = self.environment.step(last)
        final = info["final_info"]
        return [
            Episode(
                proposal.tokens,
                float(rewards[i]),
                unstack(final["architecture"], i),
                unstack(final["evaluation"], i),
                proposal,
            )
            for i, proposal in enumerate(proposals)
        ]

    @property
    def spec(self) -> dict[str, Any]:
        """The name and the configuration, as plain JSON values."""
        return {"name": _catalogue.name_of(type(self), "agents"), **asdict(self.config)}


def unstack(info: Mapping[str, Any], index: int) -> dict[str, Any]:
    """Return one episode's part of a vector environment's ``info``.

    Example:
        >>> unstack({"loss": np.array([1.0, 2.0]), "_loss": np.array([True, True])}, 1)
        {'loss': 2.0}
    """
    result: dict[str, Any] = {}
    for key, value in info.items():
        if f"_{key}" not in info or not info[f"_{key}"][index]:
            continue
        if isinstance(value, Mapping):
            result[key] = unstack(value, index)
        else:
            item = value[index]
            result[key] = item.item() if isinstance(item, np.generic) else item
    return result


def generator_state(rng: np.random.Generator) -> dict[str, Any]:
    """Return the state of a numpy generator as JSON values."""
    return dict(rng.bit_generator.state)
