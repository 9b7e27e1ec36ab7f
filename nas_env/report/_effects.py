"""The marginal effect of each option: how much better networks are that have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

BEST = 10  # the best one in so many networks
FEWEST = 3  # networks on each side, without which there is no interval


class Effect(NamedTuple):
    """The mean of the networks that have an option, minus that of those that have not.

    Attributes:
        decision: Number of the decision, from 0.
        option: Number of the option, from 0.
        networks: How many have it.
        share: What part of the networks these are.
        best_share: What part of the best tenth has it.
        effect: The difference.
        low: Lower end of its 95% interval.
        high: Upper end of its 95% interval.
    """

    decision: int
    option: int
    networks: int
    share: float
    best_share: float
    effect: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """True if the interval does not have 0 in it."""
        return self.low > 0 or self.high < 0


def effects(
    tokens: Sequence[Sequence[int]], values: np.ndarray, maximise: bool = True
) -> list[Effect]:
    """Return the effect of each option that some networks have and others have not.

    The interval is Welch's, for two groups of different size and spread.

    Args:
        tokens: The tokens of each network; a shorter one has not taken the later decisions.
        values: The metric of each, NaN where it failed; those are left out.
        maximise: Whether more of the metric is better, which decides what the best tenth is.

    Example:
        >>> found = effects([[0], [0], [0], [1], [1], [1]], np.array([1, 2, 3, 5, 6, 7]) / 10)
        >>> [(each.option, round(each.effect, 3)) for each in found]
        [(0, -0.4), (1, 0.4)]
    """
    known = np.isfinite(values)
    table, values = as_table(tokens)[known], values[known]
    order = np.argsort(-values if maximise else values, kind="stable")
    best = np.isin(np.arange(len(values)), order[: -(-len(values) // BEST)])
    return [
        found
        for decision in range(table.shape[1])
        for found in _of_decision(decision, table[:, decision], values, best)
    ]


def as_table(tokens: Sequence[Sequence[int]]) -> np.ndarray:
    """Return sequences as a table, with -1 after the end of shorter ones.

    Example:
        >>> as_table([[1], [0, 2]]).tolist()
        [[1, -1], [0, 2]]
    """
    table = np.full((len(tokens), max(map(len, tokens), default=0)), -1)
    for row, each in zip(table, tokens, strict=True):
        row[: len(each)] = each
    return table


def _of_decision(
    decision: int, taken: np.ndarray, values: np.ndarray, best: np.ndarray
) -> list[Effect]:
    """Return the effect of each option of a decision, among the networks that took it."""
    kept = taken >= 0
    values, best, taken = values[kept], best[kept], taken[kept]
    found = []
    for option in np.unique(taken).tolist():
        has, lacks = values[taken == option], values[taken != option]
        if min(len(has), len(lacks)) >= FEWEST:
            effect, half = welch(has, lacks)
            top = float((taken[best] == option).mean()) if best.any() else np.nan
            shares = len(has) / len(values), top
            ends = effect - half, effect + half
            found.append(Effect(decision, option, len(has), *shares, effect, *ends))
    return found


def welch(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return the difference of two means, and half the width of its 95% interval.

    Example:
        >>> difference, half = welch(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0]))
        >>> round(difference, 3), round(half, 3)
        (1.0, 2.267)
    """
    from scipy.special import stdtrit  # Student's quantile, without the cost of scipy.stats

    shares = [float(each.var(ddof=1)) / len(each) for each in (first, second)]
    difference, variance = float(first.mean() - second.mean()), sum(shares)
    if not variance:
        return difference, 0.0
    sizes = (len(first) - 1, len(second) - 1)
    freedom = variance**2 / sum(s**2 / n for s, n in zip(shares, sizes, strict=True))
    return difference, float(stdtrit(freedom, 0.975)) * variance**0.5
