"""Proposals: tokens that an agent wants played, kept until it has learned from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np


@dataclass(frozen=True)
class Proposal:
    """A sequence that an agent wants played, with what learning needs of that moment.

    Attributes:
        number: Number of the proposal, counted from 0.
        tokens: The complete sequence.
        version: Number of updates that the agent had made.
        log_probabilities: Log-probability of each token by the policy of that moment; empty if
            the agent does not learn from them.
    """

    number: int
    tokens: tuple[int, ...]
    version: int
    log_probabilities: tuple[float, ...] = ()


class Episode(NamedTuple):
    """A finished episode."""

    tokens: tuple[int, ...]
    reward: float
    architecture: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    proposal: Proposal | None = None


def tokens_of(played: Iterable[Proposal | Episode]) -> np.ndarray:
    """Return the tokens of proposals or episodes of one length, int64 (n, decisions)."""
    return np.array([each.tokens for each in played])


class Proposals:
    """The proposals that an agent has made, and has not learned from.

    Attributes:
        made: Number of all proposals so far.
        version: Number of updates so far.
        open: Proposals by number, the oldest first.
    """

    def __init__(self) -> None:
        self.made = self.version = 0
        self.open: dict[int, Proposal] = {}

    def add(self, tokens: np.ndarray, logs: np.ndarray | None) -> list[Proposal]:
        """Note new proposals: tokens int64 (n, decisions), log-probabilities alike or None."""
        ours = [()] * len(tokens) if logs is None else map(tuple, logs.tolist())
        numbered = enumerate(zip(tokens.tolist(), ours, strict=True), self.made)
        added = [Proposal(n, tuple(row), self.version, log) for n, (row, log) in numbered]
        self.made += len(added)
        self.open.update((proposal.number, proposal) for proposal in added)
        return added

    def learned(self, finished: Iterable[Episode]) -> None:
        """Count an update, and forget the proposals that it has learned from."""
        self.version += 1
        for episode in finished:
            if episode.proposal is not None:
                self.open.pop(episode.proposal.number, None)

    def late(self, finished: Sequence[Episode]) -> np.ndarray:
        """Return which episodes an earlier version of the policy proposed, bool (n,)."""
        return np.array(
            [e.proposal is not None and e.proposal.version != self.version for e in finished]
        )

    def state(self) -> dict[str, Any]:
        """Return both counts and the open proposals, as JSON values."""
        rows = [asdict(proposal) for proposal in self.open.values()]
        return {"made": self.made, "version": self.version, "open": rows}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state` returned."""
        self.made, self.version = state["made"], state["version"]
        self.open.clear()
        for row in state["open"]:
            sequences = {name: tuple(row[name]) for name in ("tokens", "log_probabilities")}
            self.open[row["number"]] = Proposal(**{**row, **sequences})
