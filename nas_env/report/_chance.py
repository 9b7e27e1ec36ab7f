"""The best that another random search would find: its interval, from the networks of one control.

All networks are drawn alike, so that of ``n`` known and ``k`` further ones each order is equally
likely. The best of the ``k`` is at most the i-th worst of the ``n`` with probability
``C(k + i - 1, k) / C(n + k, k)``, whatever the distribution (a prediction interval without one:
Hahn & Meeker 1991, "Statistical Intervals", section 5.4). So nothing has to be simulated.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

LEVELS = (0.025, 0.5, 0.975)  # the middle 95%, and the median


class Chance(NamedTuple):
    """The best of so many further random networks.

    Attributes:
        networks: Numbers of networks: (points,).
        worse: The lower end of the 95% interval, that of the worse values: (points,).
        middle: The median: (points,).
        better: The upper end: (points,). From ``k > n / 39`` on it is not known, since the best
            of the control may be passed; then that best stands here.
    """

    networks: np.ndarray
    worse: np.ndarray
    middle: np.ndarray
    better: np.ndarray


def best_by_chance(values: np.ndarray, count: np.ndarray, maximise: bool) -> Chance:
    """Return the best of further random networks, by those that a random control has trained.

    Args:
        values: The metric of each child of the control, NaN where it failed.
        count: Numbers of networks, from 1.
        maximise: Whether more of the metric is better.

    Returns:
        NaN where a failure is as likely as that.

    Example:
        >>> values = np.array([0.1, 0.2, 0.3, np.nan])
        >>> best_by_chance(values, np.array([1, 4]), True).middle.tolist()
        [0.2, 0.3]
    """
    sign = 1.0 if maximise else -1.0
    ordered = np.sort(np.where(np.isfinite(values), sign * values, -np.inf))
    below = _probabilities(len(ordered), count)
    places = ((below < level).sum(axis=1).clip(max=len(ordered) - 1) for level in LEVELS)
    worse, middle, better = (ordered[each] for each in places)
    known = (sign * np.where(np.isfinite(each), each, np.nan) for each in (worse, middle, better))
    return Chance(count, *known)


def _probabilities(known: int, count: np.ndarray) -> np.ndarray:
    """Return how likely the best of ``k`` is at most each of the known: (points, known)."""
    i, k = np.arange(1, known + 1), count[:, None]
    # C(k + i - 1, k) / C(known + k, k)
    one = gammaln(k + i) - gammaln(i)
    return np.exp(one - gammaln(known + k + 1) + gammaln(known + 1)) + 1e-12
