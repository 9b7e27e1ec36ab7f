"""The agreement of two scores of the same networks: their order, and which of them are the best.

The interval of a figure is a bootstrap over networks: they are drawn again with replacement, and
the middle 95% of what the figure then is are taken (Efron 1979, "Bootstrap methods").
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RESAMPLES = 1_000

#: A figure of networks that were drawn, given by their numbers in ascending order.
Statistic = Callable[[np.ndarray], float]


def tau(first: np.ndarray, second: np.ndarray) -> float:
    """Return Kendall's tau-b of two lists of scores; NaN if all scores of one are equal.

    Example:
        >>> round(tau(np.array([1, 2, 3, 3]), np.array([1, 3, 2, 4])), 3)
        0.548
    """
    one, other = (np.sign(x[:, None] - x).astype(float) for x in (first, second))
    norm = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / norm) if norm else np.nan


def same_order(first: np.ndarray, second: np.ndarray) -> float:
    """Return the share of pairs that two scores order alike, of those that both order.

    Example:
        >>> same_order(np.array([1, 2, 3, 3]), np.array([1, 3, 2, 4]))
        0.8
    """
    one, other = (np.sign(x[:, None] - x) for x in (first, second))
    ordered = np.abs(one * other).sum()
    return float((one * other > 0).sum() / ordered) if ordered else np.nan


def top_overlap(first: np.ndarray, second: np.ndarray, count: int) -> float:
    """Return the share of the best by one score that are among the best by another.

    Args:
        first: Scores of the networks, the highest the best.
        second: Other scores of them.
        count: Number of the best.

    Example:
        >>> top_overlap(np.array([4, 3, 2, 1]), np.array([3, 4, 1, 2]), 2)
        1.0
        >>> top_overlap(np.array([4, 3, 2, 1]), np.array([4, 1, 1, 1]), 2)  # one of the three
        0.6666666666666666
    """
    return float(_chances(first, count) @ _chances(second, count) / count)


def _chances(scores: np.ndarray, count: int) -> np.ndarray:
    """Return the chance of each network to be among the best, if equal ones are drawn by lot."""
    border = np.sort(scores)[-count]
    above, equal = scores > border, scores == border
    return above + equal * (count - above.sum()) / equal.sum()


def told_apart(scores: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Return the scores of networks that were drawn, with an order between copies of one.

    So that a copy which is among the best by one score is so by the other, as a network is.

    Args:
        scores: Scores of all networks.
        drawn: Numbers of those that were drawn, in ascending order.

    Example:
        >>> told_apart(np.array([0.5, 0.9, 0.5]), np.array([0, 0, 2])).tolist()
        [0.0, 0.25, 0.0]
    """
    places = np.unique(scores, return_inverse=True)[1].reshape(-1)
    copies = np.arange(len(drawn)) - np.searchsorted(drawn, drawn)
    return places[drawn] + copies / (len(drawn) + 1)


def bootstrap(statistic: Statistic, networks: int, seed: int = 0) -> tuple[float, float]:
    """Return the 95% bootstrap interval of a figure over networks; NaN where there is none."""
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.integers(networks, size=(RESAMPLES, networks)), axis=1)
    values = np.array([statistic(each) for each in drawn])
    if np.isnan(values).all():
        return np.nan, np.nan
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)
