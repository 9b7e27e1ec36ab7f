"""Turns rewards into advantages: subtracts a baseline, divides by the spread, and cuts off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from agents._gradient.baselines import History, make_baseline
from agents._repeats import ProposerConfig
from search_spaces import InvalidValue
from search_spaces._settings import above, between


@dataclass(frozen=True)
class AdvantageConfig(ProposerConfig):
    """Settings that turn rewards into advantages.

    Attributes:
        baseline: ``"ema"``, the moving average of earlier rewards; ``"batch_mean"``, the mean of
            the batch's other rewards; or ``"none"``.
        baseline_decay: Weight of the old moving average when a batch is added; Zoph & Le 2017 do
            not say.
        standardise: Divide advantages by the deviation of all earlier rewards, so that one
            learning rate serves many tasks; Zoph & Le 2017 do not. This needs a baseline: rewards
            of 0.9 that deviate by 0.02 would all be cut off at ``max_advantage``, good and bad
            alike.
        max_advantage: Limit of a standardised advantage: early on, the deviation is that of few
            rewards, and one step could end all exploration.
    """

    baseline: Literal["ema", "batch_mean", "none"] = "ema"
    baseline_decay: float = 0.8
    standardise: bool = True
    max_advantage: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        above(self, max_advantage=0)
        between(self, 0, 1, "baseline_decay")
        if self.baseline == "none" and self.standardise:
            raise InvalidValue(
                "baseline is 'none' and standardise is true, so that every advantage may be cut "
                "off at max_advantage: expected standardise false, or baseline 'ema'"
            )
        if self.baseline == "batch_mean" and self.batch_size == 1:
            raise InvalidValue(
                "baseline is 'batch_mean' and batch_size is 1, so that no reward has others to be "
                "compared with: expected batch_size 2 or more, or baseline 'ema'"
            )


class Advantages:
    """Computes the advantages of successive batches, each without the rewards it is for."""

    def __init__(self, config: AdvantageConfig):
        self.config = config
        self.baseline = make_baseline(config.baseline, config.baseline_decay)
        self.history = History()

    def take(self, rewards: np.ndarray) -> np.ndarray | None:
        """Return the advantages of a batch, (m,), from earlier rewards; then add its rewards.

        The result is None, for no update, if there is no baseline yet.
        """
        advantages = self.baseline.advantages(rewards)
        if advantages is not None and self.config.standardise:
            limit = self.config.max_advantage
            advantages = (advantages / self.history.deviation).clip(-limit, limit)
        self.baseline.update(rewards)
        self.history.update(rewards)
        return advantages

    def state(self) -> dict[str, Any]:
        """Return everything that the next advantages depend on, as JSON values."""
        return {"baseline": self.baseline.state(), "history": self.history.state()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Restore what :meth:`state` returned."""
        self.baseline.load_state(state["baseline"])
        self.history.load_state(state["history"])
