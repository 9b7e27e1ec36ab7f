"""The incumbent of a search at any time: found by validation, reported by test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln

LARGEST = 200_000  # sequences that are enumerated at most


def incumbent(selection: np.ndarray, report: np.ndarray) -> np.ndarray:
    """Return what is reported of the architecture with the best selection so far.

    Args:
        selection: What the search goes by, higher is better, NaN where the child failed:
            (..., episodes). Of equals the first stays.
        report: What is told of it, of the same shape; a test metric.

    Returns:
        The report after each episode, (..., episodes); NaN while nothing has succeeded.

    Example:
        >>> incumbent(np.array([1.0, 3.0, 2.0, 3.0]), np.array([0.5, 0.7, 0.9, 0.8])).tolist()
        [0.5, 0.7, 0.7, 0.7]
    """
    score = np.where(np.isnan(selection), -np.inf, selection)
    best = np.maximum.accumulate(score, axis=-1)
    before = np.concatenate([np.full_like(best[..., :1], -np.inf), best[..., :-1]], axis=-1)
    at = np.where(score > before, np.arange(score.shape[-1]), 0)
    place = np.maximum.accumulate(at, axis=-1)
    taken = np.take_along_axis(np.asarray(report, dtype=np.float64), place, axis=-1)
    return np.where(np.isneginf(best), np.nan, taken)


def spent(seconds: np.ndarray, repeated: np.ndarray) -> np.ndarray:
    """Return the simulated compute after each episode, in seconds.

    Args:
        seconds: That training the child takes, (..., episodes).
        repeated: Whether the search had evaluated this architecture before: its answer is kept,
            and costs nothing.
    """
    return np.cumsum(np.where(repeated, 0.0, seconds), axis=-1)


def at_times(times: np.ndarray, values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Read a curve of steps at given times.

    Args:
        times: When each episode is over, ascending: (episodes,).
        values: What is in hand from then on: (episodes,).
        grid: The times asked for.

    Returns:
        NaN before the first episode is over.

    Example:
        >>> at_times(np.array([1.0, 2.0]), np.array([5.0, 6.0]), np.array([0.5, 1.0, 9.0]))
        array([nan,  5.,  6.])
    """
    place = np.searchsorted(times, grid, side="right") - 1
    return np.where(place < 0, np.nan, values[np.maximum(place, 0)])


def expected_best(
    selection: np.ndarray,
    report: np.ndarray,
    draws: Sequence[int] | np.ndarray,
    *,
    weights: np.ndarray | None = None,
    replacement: bool = True,
) -> np.ndarray:
    """Compute random search instead of playing it: the expected report of the best of n draws.

    With F(v) the probability that one draw selects at most v, the best of n independent draws
    selects exactly v with probability ``F(v)^n - F(v-)^n``; without replacement F(v)^n becomes
    ``C(N_v, n) / C(N, n)`` with N_v the entries of at most v. Of entries that select equally
    each is equally likely to be the first one drawn, so the report is averaged over them (by
    their weights). As in :func:`incumbent`, entries whose selection is NaN never are the best;
    the expectation is over the searches in which something has succeeded.

    Args:
        selection: What a search goes by, for every entry of a table, (N,).
        report: What is told of every entry, (N,).
        draws: Numbers of draws, each at least 1.
        weights: The probability of each entry in one draw; equal by default.
        replacement: Whether an entry can be drawn again. Without, weights must be equal.

    Returns:
        One expectation for each of ``draws``.

    Example:
        >>> expected_best(np.array([1.0, 2.0]), np.array([10.0, 20.0]), [1, 2]).tolist()
        [15.0, 17.5]
    """
    if weights is None:
        weights = np.ones(len(selection))
    elif not replacement:
        raise ValueError("draws without replacement have no weights")
    score = np.where(np.isnan(selection), -np.inf, selection)
    levels, group = np.unique(score, return_inverse=True)
    mass = np.bincount(group, weights)
    told = np.where(np.isneginf(score), 0.0, report)
    means = np.bincount(group, weights * told) / mass
    below = np.cumsum(mass)
    n = np.asarray(draws, dtype=np.float64)[:, None]
    reached = (below / below[-1]) ** n if replacement else _chosen_from(below, n)
    exactly = np.diff(reached, axis=1, prepend=0.0)
    succeeded = np.isfinite(levels)
    exactly, means = exactly[:, succeeded], means[succeeded]
    return (exactly @ means) / exactly.sum(axis=1)


def _chosen_from(below: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return ``C(below, n) / C(N, n)``: the chance that n different entries all lie that low."""

    def log_choose(count: np.ndarray) -> np.ndarray:
        room = np.maximum(count - n, 0)
        return gammaln(count + 1) - gammaln(room + 1)

    n = np.minimum(n, below[-1])  # nothing is left to draw
    possible = below >= n
    return np.where(possible, np.exp(log_choose(below) - log_choose(below[-1:])), 0.0)
