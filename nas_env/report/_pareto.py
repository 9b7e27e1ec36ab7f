"""The Pareto front: the networks that none is better than and at most as large."""

from __future__ import annotations

import numpy as np


def front(cost: np.ndarray, value: np.ndarray, maximise: bool) -> list[int]:
    """Return the places of the networks on the front, the cheapest first.

    Args:
        cost: Parameters or FLOPs of each, NaN where they are not known.
        value: The metric of each, NaN where it failed.
        maximise: Whether more of the metric is better.

    Returns:
        The places; of equal networks that of the first.

    Example:
        >>> front(np.array([1.0, 2.0, 3.0, 2.0]), np.array([0.5, 0.9, 0.8, 0.9]), True)
        [0, 1]
    """
    score = value if maximise else -value
    known = np.flatnonzero(np.isfinite(cost) & np.isfinite(score))
    order = known[np.lexsort((known, -score[known], cost[known]))]
    kept, best = [], -np.inf
    for place in order:
        if score[place] > best:
            kept.append(int(place))
            best = score[place]
    return kept
