"""The statistics of a comparison of agents over seeds.

Intervals are 95% intervals. Where a source names a method, its definition is followed exactly:

* Agarwal et al. 2021, *Deep Reinforcement Learning at the Edge of the Statistical Precipice*
  (2108.13264): interquartile mean, stratified bootstrap, probability of improvement.
* Welch 1947, *The generalization of 'Student's' problem*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95
RESAMPLES = 2_000  # of a bootstrap, as in Agarwal et al. 2021
CHUNK = 2**22  # numbers held at once
ENOUGH = 20  # seeds of a bootstrap interval that is as wide as it should be
#: Percentage of 95% bootstrap intervals of interquartile means that hold the truth, by the number
#: of seeds, for normal scores (python -m benchmarks.coverage).
HELD = {3: 74, 5: 91, 10: 94}

Scores = Sequence[float] | np.ndarray
Statistic = Callable[[np.ndarray], np.ndarray]


class Interval(NamedTuple):
    """An estimate with its 95% interval; the bounds are NaN where there is none."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half of the interval's width."""
        return (self.high - self.low) / 2


# -- one agent -----------------------------------------------------------------------------------
def mean_interval(values: Scores) -> Interval:
    """Return the mean with Student's t interval, ``t(n - 1) * sd / sqrt(n)``.

    Example:
        >>> mean_interval([1.0, 2.0, 3.0])  # 2 ± 4.303 / sqrt(3)
        Interval(value=2.0, low=-0.484..., high=4.484...)
    """
    array = np.asarray(values, dtype=np.float64)
    mean, half = float(array.mean()), math.nan
    if len(array) > 1:
        half = student(len(array) - 1) * float(array.std(ddof=1)) / math.sqrt(len(array))
    return Interval(mean, mean - half, mean + half)


def student(freedom: float) -> float:
    """Return the quantile of Student's t that leaves 2.5% above it."""
    return float(stats.t.ppf((1 + LEVEL) / 2, freedom))


def interquartile_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean without the lowest and the highest quarter, along the last axis.

    ``scipy.stats.trim_mean(values, 0.25)``, which Agarwal et al. 2021 define it by: of n values
    the ``floor(n / 4)`` lowest and as many highest are left out.

    Example:
        >>> float(interquartile_mean(np.array([0.0, 1.0, 2.0, 3.0, 100.0])))
        2.0
    """
    cut = values.shape[-1] // 4
    return np.sort(values, axis=-1)[..., cut : values.shape[-1] - cut].mean(axis=-1)


def bootstrap(strata: Sequence[Scores], statistic: Statistic, seed: int = 0) -> Interval:
    """Return a statistic of all runs with its stratified bootstrap percentile interval.

    Runs are drawn again with replacement within each stratum (an environment), never across
    (Agarwal et al. 2021, section 4.1).

    Args:
        strata: For each environment the scores of its runs.
        statistic: Along the last axis, over the runs of all environments together.
        seed: Seed of the resampling, so that a page is the same whenever it is made.
    """
    arrays = [np.asarray(scores, dtype=np.float64) for scores in strata]
    rng = np.random.default_rng(seed)
    value = float(statistic(np.concatenate(arrays)))
    if min(map(len, arrays)) < 2:
        return Interval(value, math.nan, math.nan)
    resampled = np.concatenate([_resampled(array, rng) for array in arrays], axis=1)
    return Interval(value, *_percentiles(statistic(resampled)))


def iqm_interval(values: Scores, seed: int = 0) -> Interval:
    """Return the interquartile mean of one environment's runs with its bootstrap interval."""
    return bootstrap([values], interquartile_mean, seed)


def caution(seeds: int) -> str:
    """Return what a page says of its bootstrap intervals: nothing where there are enough seeds.

    Example:
        >>> caution(20), caution(5).split(":")[0]
        ('', 'With fewer than 20 seeds bootstrap intervals are too narrow')
    """
    if seeds >= ENOUGH:
        return ""
    held = ", ".join(f"{share}% with {count} seeds" for count, share in HELD.items())
    return (
        f"With fewer than {ENOUGH} seeds bootstrap intervals are too narrow: those of 95% hold the "
        f"truth in {held} (`python -m benchmarks.coverage`). Go by Student's t and the tests."
    )


# -- two agents ----------------------------------------------------------------------------------
def improvement(first: Sequence[Scores], second: Sequence[Scores], seed: int = 0) -> Interval:
    """Return the probability that a run of the first agent beats a run of the second.

    ``P(X > Y) + P(X = Y) / 2``, which is Mann & Whitney's U over the number of pairs, in each
    environment, averaged over the environments; with its stratified bootstrap interval
    (Agarwal et al. 2021, section 4.3).

    Args:
        first: For each environment the scores of the first agent's runs; higher is better.
        second: For each environment the scores of the second agent's runs.
        seed: Seed of the resampling.

    Example:
        >>> improvement([[3.0, 1.0]], [[2.0, 1.0]]).value  # 3 beats both, 1 ties with 1
        0.625
    """
    rng = np.random.default_rng(seed)
    pairs = [
        (np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        for x, y in zip(first, second, strict=True)
    ]
    value = float(np.mean([_superiority(x[None], y[None])[0] for x, y in pairs]))
    if min(min(len(x), len(y)) for x, y in pairs) < 2:
        return Interval(value, math.nan, math.nan)
    drawn = [_superiority(_resampled(x, rng), _resampled(y, rng)) for x, y in pairs]
    return Interval(value, *_percentiles(np.mean(drawn, axis=0)))


def difference(first: Scores, second: Scores, *, paired: bool = False) -> Interval:
    """Return the mean of the first agent minus that of the second.

    Args:
        first: Scores of the first agent's runs.
        second: Scores of the second agent's runs.
        paired: Whether the runs belong together one by one; otherwise the interval is Welch's,
            for unequal variances.

    Example:
        >>> difference([1.0, 2.0, 4.0], [0.0, 1.0, 3.0], paired=True)
        Interval(value=1.0, low=1.0, high=1.0)
    """
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if paired:
        return mean_interval(x - y)
    value = float(x.mean() - y.mean())
    if min(len(x), len(y)) < 2:
        return Interval(value, math.nan, math.nan)
    a, b = x.var(ddof=1) / len(x), y.var(ddof=1) / len(y)
    if a + b == 0:
        return Interval(value, value, value)
    freedom = (a + b) ** 2 / (a**2 / (len(x) - 1) + b**2 / (len(y) - 1))
    half = student(freedom) * math.sqrt(a + b)
    return Interval(value, value - half, value + half)


def _resampled(scores: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw with replacement: (n,) -> (RESAMPLES, n)."""
    return scores[rng.integers(len(scores), size=(RESAMPLES, len(scores)))]


def _superiority(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return P(X > Y) + P(X = Y) / 2 row by row: (b, n), (b, m) -> (b,)."""
    step = max(1, CHUNK // (x.shape[1] * y.shape[1]))
    parts = []
    for start in range(0, len(x), step):
        a, b = x[start : start + step, :, None], y[start : start + step, None, :]
        parts.append(((a > b) + 0.5 * (a == b)).mean(axis=(1, 2)))
    return np.concatenate(parts)


def _percentiles(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
