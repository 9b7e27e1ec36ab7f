"""The children of the replicas: sampled, on their way, and finished."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Batch:
    """The children that a replica has sampled from its copy.

    Attributes:
        tokens: The sequences, int64 (n, decisions).
        numbers: Numbers of the proposals of the first of them; the others still wait in line.
        rewards: Rewards by row, as far as they have finished.
    """

    tokens: np.ndarray
    numbers: list[int] = field(default_factory=list)
    rewards: dict[int, float] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        """Tell whether all children have finished."""
        return len(self.rewards) == len(self.tokens)

    @property
    def in_order(self) -> np.ndarray:
        """The rewards in the order of the sequences, float64 (n,)."""
        return np.array([self.rewards[row] for row in range(len(self.tokens))])


class Children:
    """Knows which child belongs to which replica, and whose turn it is.

    What replicas sample waits in one line. A replica whose children have all finished is idle
    until it samples again, behind those that were idle before it.

    Args:
        replicas: Number of replicas.

    Attributes:
        versions: Version of each replica's copy of the parameters.
        batches: Batch of each replica that has one.
        idle: Replicas that have none, in the order in which they will sample.
        line: Replicas with children that wait to be proposed, in the order of proposing.
    """

    def __init__(self, replicas: int):
        self.versions = [0] * replicas
        self.batches: dict[int, Batch] = {}
        self.idle = deque(range(replicas))
        self.line: deque[int] = deque()
        self._rows: dict[int, tuple[int, int]] = {}  # replica and row, by the proposal's number

    @property
    def waiting(self) -> int:
        """The number of children in line."""
        batches = [self.batches[replica] for replica in self.line]
        return sum(len(batch.tokens) - len(batch.numbers) for batch in batches)

    @property
    def length(self) -> int | None:
        """The number of decisions of the children in line; None if there are none."""
        return self.batches[self.line[0]].tokens.shape[1] if self.line else None

    def add(self, replica: int, tokens: np.ndarray) -> None:
        """Put what an idle replica has sampled in line, int64 (n, decisions)."""
        self.idle.remove(replica)
        self.batches[replica] = Batch(tokens)
        self.line.append(replica)

    def take(self, number: int) -> np.ndarray:
        """Take the first child out of the line, int64 (decisions,), for a proposal's number."""
        replica = self.line[0]
        batch = self.batches[replica]
        row = len(batch.numbers)
        batch.numbers.append(number)
        self._rows[number] = replica, row
        if row + 1 == len(batch.tokens):
            self.line.popleft()
        return batch.tokens[row]

    def finish(self, number: int, reward: float) -> int | None:
        """Note a reward; return the replica if it was the last that it waited for."""
        if number not in self._rows:
            return None
        replica, row = self._rows.pop(number)
        batch = self.batches[replica]
        batch.rewards[row] = reward
        return replica if batch.is_finished else None

    def free(self, replica: int, version: int) -> None:
        """Make a replica idle, with a fresh copy of the parameters."""
        self.batches.pop(replica, None)
        self.versions[replica] = version
        self.idle.append(replica)

    def drop_line(self) -> list[int]:
        """Forget the children in line; return the replicas that wait for no other."""
        for replica in self.line:
            batch = self.batches[replica]
            batch.tokens = batch.tokens[: len(batch.numbers)]
        done = [replica for replica in self.line if self.batches[replica].is_finished]
        self.line.clear()
        return done

    def state(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        batches = [
            [replica, batch.tokens.tolist(), [*batch.numbers], [*map(list, batch.rewards.items())]]
            for replica, batch in self.batches.items()
        ]
        orders = {"idle": [*self.idle], "line": [*self.line]}
        return {"versions": [*self.versions], "batches": batches, **orders}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state` returned."""
        self.versions = [*state["versions"]]
        self.idle, self.line = deque(state["idle"]), deque(state["line"])
        self.batches = {
            replica: Batch(np.array(tokens), [*numbers], dict(rewards))
            for replica, tokens, numbers, rewards in state["batches"]
        }
        self._rows = {
            number: (replica, row)
            for replica, batch in self.batches.items()
            for row, number in enumerate(batch.numbers)
            if row not in batch.rewards
        }
