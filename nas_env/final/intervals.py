"""The intervals of a final score: over seeds, and by the size of the test set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from nas_env.metrics import accuracy_interval

#: Name of a metric, and of the number of examples that it was measured on.
ACCURACY, EXAMPLES, MARGIN = "test_accuracy", "test_examples", "test_loss_margin"


def seeds_interval(values: Sequence[float], share: bool = True) -> list[float] | None:
    """Return the 95% interval of the mean of several trainings, by Student's distribution.

    Args:
        values: Score of each training.
        share: Whether they are shares, so that no mean is below 0 or above 1.

    Returns:
        None for a single training, which tells nothing of the others.

    Example:
        >>> [round(bound, 3) for bound in seeds_interval([0.96, 0.97, 0.98])]
        [0.945, 0.995]
        >>> seeds_interval([0.96])
    """
    if len(values) < 2:
        return None
    from scipy.stats import t

    half = float(t.ppf(0.975, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    low, high = fmean(values) - half, fmean(values) + half
    return [round(max(low, 0.0), 6), round(min(high, 1.0 if share else math.inf), 6)]


def examples_interval(measured: Sequence[Mapping[str, float]], name: str) -> list[float] | None:
    """Return the 95% interval that the size of the test set leaves open for a mean score.

    It is Wilson's for an accuracy; for a perplexity that of the text's parts, where that is known.

    Args:
        measured: Metrics of each training, all on one test set.
        name: The metric.

    Returns:
        None where nothing can be said.
    """
    mean = fmean(each[name] for each in measured)
    if name == ACCURACY:
        low, high = accuracy_interval(mean, round(measured[0][EXAMPLES]))
    elif all(MARGIN in each for each in measured):
        factor = math.exp(fmean(each[MARGIN] for each in measured))
        low, high = mean / factor, mean * factor
    else:
        return None
    return [round(low, 6), round(high, 6)]
