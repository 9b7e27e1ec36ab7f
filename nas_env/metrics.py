"""Metrics: what is measured of a child, whether more of it is better, and how it is shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Metric:
    """A number that is measured of a trained child.

    Attributes:
        name: Name in evaluations and in a summary; a ``validation_`` in front names its split.
        maximise: Whether more of it is better.
    """

    name: str
    maximise: bool = True

    @property
    def title(self) -> str:
        """The name as a person reads it: ``validation accuracy``."""
        return self.name.replace("_", " ")

    @property
    def short(self) -> str:
        """The title without the split: ``accuracy``."""
        return self.title.removeprefix("validation ")

    @property
    def is_share(self) -> bool:
        """True if it is a share of the examples, which reports show in percent."""
        return "accuracy" in self.name

    def best(self, values: Iterable[float]) -> float:
        """Return the best of some values of this metric.

        Example:
            >>> VALIDATION_ACCURACY.best([0.5, 0.7, 0.6]), VALIDATION_PERPLEXITY.best([90.0, 80.0])
            (0.7, 80.0)
        """
        return max(values) if self.maximise else min(values)


VALIDATION_ACCURACY = Metric("validation_accuracy")  # a fraction
#: The mean of the accuracies of the classes, a fraction.
VALIDATION_BALANCED_ACCURACY = Metric("validation_balanced_accuracy")
VALIDATION_PERPLEXITY = Metric("validation_perplexity", maximise=False)


Z = 1.959964  # of a 95% interval of the normal distribution


def accuracy_interval(share: float, count: int) -> tuple[float, float]:
    """Return the 95% interval of an accuracy that was measured on a number of examples.

    It is the score interval of E. B. Wilson (1927), which holds for few examples and for shares
    near 0 and 1 too.

    Example:
        >>> low, high = accuracy_interval(0.92, 120)
        >>> f"{low:.3f} to {high:.3f}"
        '0.857 to 0.956'
    """
    whole = 1 + Z**2 / count
    centre = (share + Z**2 / (2 * count)) / whole
    half = Z / whole * math.sqrt(share * (1 - share) / count + (Z / (2 * count)) ** 2)
    return max(0.0, centre - half), min(1.0, centre + half)


def caption(metric: Metric, reward: float, outcome: Mapping[str, Any]) -> str:
    """Return reward, main metric and size of a child in one line, or why it failed.

    Args:
        metric: The main metric of its task.
        reward: Reward of the child.
        outcome: Evaluation of the child, as in ``info``, or its record in a history.
    """
    if metric.name not in outcome["metrics"]:
        return f"{outcome['status']}: {outcome['error']}"
    line = f"reward {reward:.4f}, {metric.title} {outcome['metrics'][metric.name]:.4f}"
    parameters = outcome.get("parameters")
    return line if parameters is None else f"{line}, {parameters:,} parameters"
