"""Places of labels that keep apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Return places near the wanted ones, in the same order, at least ``apart`` from each other.

    Neighbours that are too close form a block around the mean of their wanted places; blocks that
    are then too close are joined. Where there is too little room the places run past ``high``.

    Example:
        >>> spread([5.0, 5.0, 9.0], 2.0, 0.0, 10.0)
        [4.0, 6.0, 9.0]
    """
    order = np.argsort(wanted, kind="stable")
    blocks: list[list[int]] = []
    for index in order:
        blocks.append([int(index)])
        while len(blocks) > 1:
            upper, lower = blocks[-1], blocks[-2]
            top = _start(lower, wanted, apart, low, high) + apart * len(lower)
            if top <= _start(upper, wanted, apart, low, high):
                break
            blocks[-2:] = [lower + upper]
    places = [0.0] * len(wanted)
    for block in blocks:
        start = _start(block, wanted, apart, low, high)
        for step, index in enumerate(block):
            places[index] = start + step * apart
    return places


def _start(
    block: Sequence[int], wanted: Sequence[float], apart: float, low: float, high: float
) -> float:
    length = apart * (len(block) - 1)
    start = float(np.mean([wanted[i] for i in block])) - length / 2
    return max(low, min(start, high - length))
