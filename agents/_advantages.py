"""From rewards to what weighs a policy gradient: minus a baseline, by their spread, cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from agents._baselines import History, make_baseline
from agents._repeats import ProposerConfig
from search_spaces import InvalidValue
from search_spaces._settings import above, between


@dataclass(frozen=True)
class AdvantageConfig(ProposerConfig):
    """How rewards become advantages.

    Attributes:
        baseline: ``"ema"``: moving average of earlier rewards; ``"batch_mean"``: mean of the
            batch's other rewards; ``"none"``.
        baseline_decay: The share of the moving average that a batch leaves; Zoph & Le 2017 do
            not say.
        standardise: Divide the advantage by the deviation of all earlier rewards, so that one
            learning rate serves many tasks; they do not. It wants a baseline: rewards of 0.9
            that deviate by 0.02 would all be cut off at ``max_advantage``, good and bad alike.
        max_advantage: A standardised advantage beyond it is cut off: early on, the deviation is
            of few rewards, and one step could end all exploration.
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
    """Of one batch after the other; none contains the reward that it is of."""

    def __init__(self, config: AdvantageConfig):
        self.config = config
        self.baseline = make_baseline(config.baseline, config.baseline_decay)
        self.history = History()

    def take(self, rewards: np.ndarray) -> np.ndarray | None:
        """The advantages of a batch, (m,), by what was before it; then learn from it.

        None where there is no baseline yet: no update.
        """
        advantages = self.baseline.advantages(rewards)
        if advantages is not None and self.config.standardise:
            limit = self.config.max_advantage
            advantages = (advantages / self.history.deviation).clip(-limit, limit)
        self.baseline.update(rewards)
        self.history.update(rewards)
        return advantages

    def state(self) -> dict[str, Any]:
        """What the next advantages depend on, as JSON values."""
        return {"baseline": self.baseline.state(), "history": self.history.state()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from it."""
        self.baseline.load_state(state["baseline"])
        self.history.load_state(state["history"])
