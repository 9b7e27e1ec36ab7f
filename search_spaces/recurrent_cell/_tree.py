"""The tree of a recurrent cell: which nodes a node combines."""

from __future__ import annotations

Operation = tuple[str, str]  # combination, activation


def children(node: int, base: int) -> tuple[int, int]:
    """Return the children of an inner node of a tree with ``base`` leaves, counted row by row.

    Example:
        >>> children(8, base=8), children(14, base=8)
        ((0, 1), (12, 13))
    """
    first = 2 * (node - base)
    return first, first + 1
