"""The protocols of a search: the agent that plays, and those who follow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from torch import Tensor


class AgentState(Protocol):
    """The state that an agent gives and takes."""

    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any]


class Proposed(Protocol):
    """A sequence that an agent wants played."""

    @property
    def number(self) -> int:
        """Number of the proposal, counted from 0."""
        ...

    @property
    def tokens(self) -> tuple[int, ...]:
        """The complete sequence."""
        ...

    @property
    def version(self) -> int:
        """Number of updates that the agent had made."""
        ...


class Ledger(Protocol):
    """An agent's account of its proposals.

    Attributes:
        made: Number of all proposals so far.
        version: Number of updates so far.
    """

    made: int
    version: int

    @property
    def open(self) -> Mapping[int, Proposed]:
        """Proposals by number that the agent has not learned from, the oldest first."""
        ...


class Player(Protocol):
    """An agent, as far as a search needs it.

    Attributes:
        orders: Orders in which it can be handed its children. Without ``"finished"`` only
            :meth:`advance` is called, and never :meth:`propose` and :meth:`learn`.
        options: Reset options of its next episodes.
    """

    orders: ClassVar[tuple[str, ...]]
    options: dict[str, Any]

    @property
    def proposals(self) -> Ledger:
        """The account of its proposals, which is part of its state."""
        ...

    @property
    def spec(self) -> dict[str, Any]:
        """Name and configuration."""
        ...

    @property
    def batch_size(self) -> int:
        """Number of episodes of an update."""
        ...

    def advance(self, episodes: int) -> Any:
        """Play at most that many episodes, learn once: episodes, and what to log."""
        ...

    def propose(self, count: int) -> Sequence[Proposed]:
        """Propose sequences, each of which stays open until it was learned from.

        There may be fewer, or none, while the agent waits for others to finish.
        """
        ...

    def learn(self, finished: Sequence[Any]) -> dict[str, float]:
        """Learn from finished episodes in any order, and return what to log."""
        ...

    def state(self) -> Any:
        """All that the next advance depends on."""
        ...

    def load_state(self, state: Any) -> None:
        """Restore a state."""
        ...


class Observer(Protocol):
    """Whoever follows the search: a display, a tracker."""

    def child(self, number: int, record: Mapping[str, Any], best: Mapping[str, Any] | None) -> None:
        """Take note of a finished episode.

        Args:
            number: Number of the episode, counted from 1.
            record: Record of the episode in the history.
            best: The best episode so far; None while no child has succeeded.
        """

    def update(self, number: int, log: Mapping[str, float]) -> None:
        """The agent has learned, after that many episodes."""
