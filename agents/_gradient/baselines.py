"""Baselines of REINFORCE, which are subtracted from rewards before these weigh a gradient.

A baseline never contains the reward that it is subtracted from, so that the gradient is unbiased.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from search_spaces import UnknownName


class Baseline(ABC):
    """Gives each reward of a batch its baseline, then learns from the batch."""

    #: The baseline of the next batch, for the log; NaN if it depends on the batch itself.
    value: float = float("nan")

    @abstractmethod
    def advantages(self, rewards: np.ndarray) -> np.ndarray | None:
        """Return rewards minus baselines, (m,); None, for no update, without a baseline yet."""

    def update(self, rewards: np.ndarray) -> None:  # noqa: B027 - most have none
        """Learn from rewards whose advantages have been taken."""

    def state(self) -> dict[str, Any]:
        """Return everything that the next advantages depend on, as JSON values."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:  # noqa: B027 - most have none
        """Restore what :meth:`state` returned."""


class ExponentialMovingAverage(Baseline):
    """A moving average of the rewards of earlier batches (Zoph & Le 2017, section 3.2).

    It starts at the first batch's mean. That batch makes no update, since the average contains its
    own rewards.

    Args:
        decay: Weight of the old average when a batch is added.
    """

    def __init__(self, decay: float):
        self.decay = decay
        self.started = False

    def advantages(self, rewards: np.ndarray) -> np.ndarray | None:
        """Subtract the average from before these rewards."""
        return rewards - self.value if self.started else None

    def update(self, rewards: np.ndarray) -> None:
        """Add the batch's mean to the average."""
        mean = float(rewards.mean())
        self.value = self.decay * self.value + (1 - self.decay) * mean if self.started else mean
        self.started = True

    def state(self) -> dict[str, Any]:
        """Return the average."""
        return {"value": self.value if self.started else None}

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state` returned."""
        self.started = state["value"] is not None
        self.value = state["value"] if self.started else float("nan")


class NoBaseline(Baseline):
    """No baseline: the advantage is the reward."""

    value = 0.0

    def advantages(self, rewards: np.ndarray) -> np.ndarray:
        """Return the rewards."""
        return rewards


class BatchMean(Baseline):
    """The mean of the batch's other rewards (leave-one-out: Kool et al. 2019)."""

    def advantages(self, rewards: np.ndarray) -> np.ndarray | None:
        """Subtract the mean of the other rewards; a single reward has no others."""
        if len(rewards) < 2:
            return None
        return rewards - (rewards.sum() - rewards) / (len(rewards) - 1)


class History:
    """The spread of all earlier rewards, so that one learning rate serves many tasks."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    @property
    def deviation(self) -> float:
        """The standard deviation so far; 1 while all rewards are equal."""
        if self.count < 2 or self.squares <= 0:
            return 1.0
        return float(np.sqrt(self.squares / self.count))

    def update(self, rewards: Sequence[float] | np.ndarray) -> None:
        """Add more rewards (Welford's algorithm)."""
        for reward in map(float, rewards):
            self.count += 1
            delta = reward - self.mean
            self.mean += delta / self.count
            self.squares += delta * (reward - self.mean)

    def state(self) -> dict[str, Any]:
        """Return the three sums."""
        return dict(vars(self))

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state` returned."""
        vars(self).update(state)


class Ranks:
    """All rewards so far in order, so that a new one can be scored by how many it beats."""

    def __init__(self) -> None:
        self.rewards: list[float] = []

    def __len__(self) -> int:
        return len(self.rewards)

    def score(self, reward: float) -> float:
        """Return 2 · mid-rank - 1: 1 if better than all so far, -1 if worse, 0 for the median.

        Example:
            >>> ranks = Ranks()
            >>> ranks.update([0.1, 0.5])
            >>> [ranks.score(reward) for reward in (0.0, 0.1, 0.3, 0.6)]
            [-1.0, -0.5, 0.0, 1.0]
        """
        below, not_above = bisect_left(self.rewards, reward), bisect_right(self.rewards, reward)
        return (below + not_above) / len(self.rewards) - 1 if self.rewards else 0.0

    def update(self, rewards: Sequence[float] | np.ndarray) -> None:
        """Add more rewards."""
        for reward in map(float, rewards):
            insort(self.rewards, reward)

    def state(self) -> Tensor:
        """Return the rewards, float64 (n,)."""
        return torch.tensor(self.rewards, dtype=torch.float64)

    def load_state(self, rewards: Tensor) -> None:
        """Restore what :meth:`state` returned."""
        self.rewards = rewards.tolist()


def make_baseline(name: str, decay: float) -> Baseline:
    """Make the baseline of a name: ``"ema"``, ``"none"`` or ``"batch_mean"``.

    Raises:
        UnknownName: If it is none of them.
    """
    if name == "ema":
        return ExponentialMovingAverage(decay)
    if name == "none":
        return NoBaseline()
    if name == "batch_mean":
        return BatchMean()
    raise UnknownName("baseline", name, ["ema", "none", "batch_mean"])
