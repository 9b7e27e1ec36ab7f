"""Tests whether a difference is more than luck, and more than one of many looks.

Mann & Whitney 1947, *On a test of whether one of two random variables is stochastically larger
than the other*; Holm 1979, *A simple sequentially rejective multiple test procedure*.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import comb
from typing import TypeVar

import numpy as np
from scipy import stats

from nas_env.benchmark._statistics import Scores

Name = TypeVar("Name", bound=Hashable)


def mann_whitney(first: Scores, second: Scores) -> float:
    """Return the two-sided p-value of Mann & Whitney's test; 1 where all scores are equal.

    Example:
        >>> round(mann_whitney([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]), 3)  # 2 of the 20 orders
        0.1
    """
    everything = np.concatenate([np.asarray(first), np.asarray(second)])
    if everything.min() == everything.max():
        return 1.0
    return float(stats.mannwhitneyu(first, second).pvalue)


def holm(p_values: Mapping[Name, float]) -> dict[Name, float]:
    """Correct p-values for having been looked at together (Holm 1979).

    The k-th smallest of m is multiplied by ``m - k + 1``; none becomes smaller than the one
    before it. An adjusted p below 0.05 is significant at 5% for the whole family.

    Example:
        >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
        {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    adjusted: dict[Name, float] = {}
    least = 0.0
    ordered = sorted(p_values.items(), key=lambda item: item[1])
    for rank, (name, p) in enumerate(ordered):
        least = max(least, min(1.0, p * (len(ordered) - rank)))
        adjusted[name] = least
    return adjusted


def smallest_p(first: int, second: int, comparisons: int) -> float:
    """Return the least p that Mann & Whitney's test and Holm's correction can give.

    Example:
        >>> smallest_p(3, 3, comparisons=1)
        0.1
    """
    return min(1.0, comparisons * 2 / comb(first + second, first))
