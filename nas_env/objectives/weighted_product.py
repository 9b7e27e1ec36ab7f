"""A metric and a cost in one number, as MnasNet (Tan et al. 2019, 1807.11626) weighs them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nas_env.objectives._base import Objective
from search_spaces._settings import above, at_most

#: The exponents of the paper's section 3.1: -0.07 gives twice the cost 5% more accuracy.
WEIGHTS = {"soft": -0.07, "hard": -1.0}


@dataclass(frozen=True)
class WeightedProduct(Objective):
    """metric * (cost / target)^w (MnasNet, equations 2 and 3).

    Where less of the metric is better, it is 1 / metric that is multiplied.

    Attributes:
        cost: Cost of a child: its parameters, the FLOPs of one example, or the seconds of its
            training. Seconds differ from run to run, so that rewards do too, except by a table.
        target: The cost T that is aimed at. In the soft form it only scales all rewards.
        weight: Exponent w, at most 0; None for the paper's, -0.07 (soft) or -1 (hard).
        form: ``soft``: every cost counts. ``hard``: only a cost above the target does.
    """

    cost: Literal["parameters", "flops", "seconds"] = "parameters"
    target: float = 100_000.0
    weight: float | None = None
    form: Literal["soft", "hard"] = "soft"

    def __post_init__(self) -> None:
        above(self, target=0)
        at_most(self, weight=0)

    def value(self, measured: Mapping[str, Any]) -> Any:
        """Return metric * (cost / target)^w, or the metric alone where a hard target is met."""
        metric, ratio = measured[self.metric.name], measured[self.cost] / self.target
        weight = WEIGHTS[self.form] if self.weight is None else self.weight
        quality = metric if self.metric.maximise else 1 / metric
        if self.form == "hard":
            ratio = np.maximum(ratio, 1.0)
        return quality * ratio**weight
