"""The preferences of a search: how often each decision took the option it takes at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nas_env import drawing
from search_spaces import SearchSpace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WINDOWS, CHILDREN = 48, 8  # columns of the picture at most, and children of each at least
SAID = {"True": "yes", "False": "no"}
TITLE = "How often each decision takes what it takes at the end"


class Preferences(NamedTuple):
    """The shares of the options that the last children took most often.

    Attributes:
        options: The most frequent option of each decision in the last window; -1 for a decision
            that no child of it took.
        shares: Share of each window's children that took it, (decisions, windows); NaN where no
            child of the window took the decision.
        numbers: Number of the last child of each window.
    """

    options: np.ndarray
    shares: np.ndarray
    numbers: list[int]


def preferences(tokens: Sequence[Sequence[int]], decisions: int, windows: int) -> Preferences:
    """Return what children have come to prefer.

    Args:
        tokens: Tokens of each child, in order; children of fewer layers have fewer.
        decisions: Number of decisions at full depth.
        windows: Parts of the search, each of as many children, at most.

    Example:
        >>> found = preferences([[0, 1], [0, 2], [1, 2], [1]], decisions=2, windows=2)
        >>> found.options.tolist(), found.shares.tolist(), found.numbers
        ([1, 2], [[0.0, 1.0], [0.5, 1.0]], [2, 4])
    """
    taken = np.full((len(tokens), decisions), -1, dtype=np.int64)
    for row, sequence in enumerate(tokens):
        taken[row, : len(sequence)] = sequence
    parts = np.array_split(taken, max(1, min(windows, len(tokens))))
    options = np.array([_most_frequent(column) for column in parts[-1].T])
    shares = np.full((decisions, len(parts)), np.nan)
    for place, part in enumerate(parts):
        counts = (part >= 0).sum(axis=0)  # (decisions,)
        known = (counts > 0) & (options >= 0)
        shares[known, place] = ((part == options).sum(axis=0) / np.maximum(counts, 1))[known]
    return Preferences(options, shares, np.cumsum([len(part) for part in parts]).tolist())


def _most_frequent(tokens: np.ndarray) -> int:
    """Return the most frequent token, the lowest of equal ones; -1 if there is none."""
    taken = tokens[tokens >= 0]
    return int(np.bincount(taken).argmax()) if len(taken) else -1


def draw_preferences(records: Sequence[Mapping[str, Any]], space: SearchSpace) -> Figure:
    """Draw what the children of a search have come to prefer."""
    windows = min(WINDOWS, len(records) // CHILDREN)
    found = preferences([record["tokens"] for record in records], len(space.decisions), windows)
    names = [
        "" if option < 0 else SAID.get(str(decision.options[option]), str(decision.options[option]))
        for decision, option in zip(space.decisions, found.options, strict=True)
    ]
    rows = [decision.name for decision in space.decisions]
    return drawing.draw_shares(found.shares, rows, names, found.numbers, TITLE)
