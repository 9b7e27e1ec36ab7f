"""The best that random search would have found: its interval, from the children of one control.

The best of ``k`` networks that are drawn at random is at most the i-th of ``n`` known ones with
probability ``(i / n)^k``. So no draws have to be simulated, and the interval is there after each
child: it is the bootstrap distribution of the best so far, with infinitely many draws.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEVELS = (0.025, 0.5, 0.975)  # the middle 95%, and the median


class Chance(NamedTuple):
    """The best of so many random networks.

    Attributes:
        networks: Numbers of networks: (points,).
        worse: The end of the 95% interval that a search should pass: (points,).
        middle: The median: (points,).
        better: The end that one random search in 40 passes: (points,).
    """

    networks: np.ndarray
    worse: np.ndarray
    middle: np.ndarray
    better: np.ndarray


def best_by_chance(values: np.ndarray, count: np.ndarray, maximise: bool) -> Chance:
    """Return the best of random networks, by those that a random control has trained.

    Args:
        values: The metric of each child of the control, NaN where it failed.
        count: Numbers of networks, from 1.
        maximise: Whether more of the metric is better.

    Returns:
        NaN where a failure is as likely as that.

    Example:
        >>> values = np.array([0.1, 0.2, 0.3, np.nan])
        >>> best_by_chance(values, np.array([1, 4, 400]), True).middle.tolist()
        [0.1, 0.3, 0.3]
    """
    sign = 1.0 if maximise else -1.0
    ordered = np.sort(np.where(np.isfinite(values), sign * values, -np.inf))
    worse, middle, better = (ordered[_place(len(ordered), count, level)] for level in LEVELS)
    known = (sign * np.where(np.isfinite(each), each, np.nan) for each in (worse, middle, better))
    return Chance(count, *known)


def _place(networks: int, count: np.ndarray, level: float) -> np.ndarray:
    """Return the lowest place below which the best of ``count`` stays with this probability."""
    place = np.ceil(networks * level ** (1 / count) - 1e-9).astype(int) - 1
    return np.clip(place, 0, networks - 1)
