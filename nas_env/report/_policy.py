"""The policy of an agent as its children show it: how often each option is taken, over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nas_env.report._effects import as_table

CHILDREN, WINDOWS = 10, 24  # the fewest children of a window, and the most windows


class Policy(NamedTuple):
    """The options that were taken in each window of children.

    Attributes:
        ends: Number of the last child of each window: (windows,).
        shares: Share of each option, NaN where a decision was not taken, and for options that it
            has not: (decisions, options, windows).
        entropy: Mean entropy of the decisions, a share of that of a uniform choice: (windows,).
    """

    ends: np.ndarray
    shares: np.ndarray
    entropy: np.ndarray


def policy(tokens: Sequence[Sequence[int]], options: Sequence[int]) -> Policy:
    """Return the frequencies of the options over windows of children.

    It needs the tokens alone, so that there is one for each agent; the finer policy of a
    controller is not known afterwards.

    Args:
        tokens: The tokens of each child, in order.
        options: The number of options of each decision.

    Example:
        >>> found = policy([[0], [0], [1], [0]], [2])
        >>> found.shares[0, :, 0].tolist(), round(float(found.entropy[0]), 3)
        ([0.75, 0.25], 0.811)
    """
    ends = windows(len(tokens))
    starts = np.concatenate([[0], ends])[:-1]
    table = as_table(tokens)[:, : len(options)]
    shares = np.full((len(options), max(options, default=0), len(ends)), np.nan)
    for window, (start, end) in enumerate(zip(starts, ends, strict=True)):
        for decision in range(table.shape[1]):
            taken = table[start:end, decision]
            if (taken := taken[taken >= 0]).size:
                counts = np.bincount(taken, minlength=options[decision])
                shares[decision, : options[decision], window] = counts / taken.size
    return Policy(ends, shares, _entropy(shares, options))


def windows(children: int) -> np.ndarray:
    """Return the number of the last child of each window.

    Example:
        >>> windows(35).tolist(), windows(6).tolist()
        ([12, 23, 35], [6])
    """
    if not children:
        return np.zeros(0, dtype=int)
    count = min(max(children // CHILDREN, 1), WINDOWS)
    return np.linspace(0, children, count + 1).round().astype(int)[1:]


def _entropy(shares: np.ndarray, options: Sequence[int]) -> np.ndarray:
    """Return the mean entropy of the decisions that were taken; 1 is a uniform choice."""
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(shares > 0, -shares * np.log(shares), 0.0)
        relative = parts.sum(axis=1) / np.log(np.asarray(options, dtype=float))[:, None]
    known = np.isfinite(shares).any(axis=1) & np.isfinite(relative)
    counts = known.sum(axis=0)
    total = np.where(known, relative, 0.0).sum(axis=0)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
