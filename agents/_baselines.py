"""Baselines of REINFORCE: what is subtracted from a reward before it weighs a gradient.

None of them contains the reward that it is subtracted from, so that the gradient stays unbiased.
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

    #: Of the next batch, for the log; NaN where it depends on the batch itself.
    value: float = float("nan")

    @abstractmethod
    def advantages(self, rewards: np.ndarray) -> np.ndarray | None:
        """Rewards minus baselines, (m,); None where there is no baseline yet: no update."""

    def update(self, rewards: np.ndarray) -> None:  # noqa: B027 - most have none
        """Learn from rewards whose advantages have been taken."""

    def state(self) -> dict[str, Any]:
        """What the next advantages depend on, as JSON values."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:  # noqa: B027 - most have none
        """Go on from a state."""


class ExponentialMovingAverage(Baseline):
    """Of the rewards of earlier batches (Zoph & Le 2017, section 3.2).

    It starts at the first batch's mean, and that batch makes no update: its own rewards are in it.

    Args:
        decay: The share of the old value that each batch leaves.
    """

    def __init__(self, decay: float):
        self.decay = decay
        self.started = False

    def advantages(self, rewards: np.ndarray) -> np.ndarray | None:
        """By the average from before these rewards."""
        return rewards - self.value if self.started else None

    def update(self, rewards: np.ndarray) -> None:
        """One step of the average, by the batch's mean."""
        mean = float(rewards.mean())
        self.value = self.decay * self.value + (1 - self.decay) * mean if self.started else mean
        self.started = True

    def state(self) -> dict[str, Any]:
        """The average."""
        return {"value": self.value if self.started else None}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from it."""
        self.started = state["value"] is not None
        self.value = state["value"] if self.started else float("nan")


class NoBaseline(Baseline):
    """The advantage is the reward."""

    value = 0.0

    def advantages(self, rewards: np.ndarray) -> np.ndarray:
        """The rewards."""
        return rewards


class BatchMean(Baseline):
    """The mean of the batch's other rewards (leave-one-out: Kool et al. 2019)."""

    def advantages(self, rewards: np.ndarray) -> np.ndarray | None:
        """By the others' mean; a single reward has none."""
        if len(rewards) < 2:
            return None
        return rewards - (rewards.sum() - rewards) / (len(rewards) - 1)


class History:
    """The spread of all earlier rewards, so that one learning rate serves many tasks."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    @property
    def deviation(self) -> float:
        """The standard deviation so far; 1 while nothing differs."""
        if self.count < 2 or self.squares <= 0:
            return 1.0
        return float(np.sqrt(self.squares / self.count))

    def update(self, rewards: Sequence[float] | np.ndarray) -> None:
        """Take more rewards in (Welford's algorithm)."""
        for reward in map(float, rewards):
            self.count += 1
            delta = reward - self.mean
            self.mean += delta / self.count
            self.squares += delta * (reward - self.mean)

    def state(self) -> dict[str, Any]:
        """The three sums."""
        return dict(vars(self))

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from them."""
        vars(self).update(state)


class Ranks:
    """All rewards so far in order, so that a reward can be told from how many it beats."""

    def __init__(self) -> None:
        self.rewards: list[float] = []

    def __len__(self) -> int:
        return len(self.rewards)

    def score(self, reward: float) -> float:
        """2 · mid-rank - 1: 1 for better than all rewards so far, -1 for worse, 0 for the median.

        Example:
            >>> ranks = Ranks()
            >>> ranks.update([0.1, 0.5])
            >>> [ranks.score(reward) for reward in (0.0, 0.1, 0.3, 0.6)]
            [-1.0, -0.5, 0.0, 1.0]
        """
        below, not_above = bisect_left(self.rewards, reward), bisect_right(self.rewards, reward)
        return (below + not_above) / len(self.rewards) - 1 if self.rewards else 0.0

    def update(self, rewards: Sequence[float] | np.ndarray) -> None:
        """Take more rewards in."""
        for reward in map(float, rewards):
            insort(self.rewards, reward)

    def state(self) -> Tensor:
        """The rewards, float64 (n,)."""
        return torch.tensor(self.rewards, dtype=torch.float64)

    def load_state(self, rewards: Tensor) -> None:
        """Go on from them."""
        self.rewards = rewards.tolist()


def make_baseline(name: str, decay: float) -> Baseline:
    """``"ema"``, ``"none"`` or ``"batch_mean"``.

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
