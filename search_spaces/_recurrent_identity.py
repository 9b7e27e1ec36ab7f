"""Which recurrent cells are one cell with other names for its nodes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

Operation = tuple[str, str]  # combination, activation
Parts = tuple[tuple[Operation, ...], Operation, int, int]  # the fields of a cell


def children(node: int, base: int) -> tuple[int, int]:
    """The children of an inner node of a tree with ``base`` leaves.

    Example:
        >>> children(8, base=8), children(14, base=8)
        ((0, 1), (12, 13))
    """
    first = 2 * (node - base)
    return first, first + 1


def canonical_parts(
    nodes: Sequence[Operation], inject: Operation, memory_from: int, inject_at: int
) -> Parts:
    """The fields of the canonical cell: at each node the lesser subtree comes first."""
    order = _order(nodes, memory_from, inject_at)
    return (
        tuple(nodes[old] for old in order),
        inject,
        order.index(memory_from),
        order.index(inject_at),
    )


def _order(nodes: Sequence[Operation], memory_from: int, inject_at: int) -> list[int]:
    """For each place of the canonical tree, row by row, the node that comes to stand there."""
    base = (len(nodes) + 1) // 2

    @cache
    def read(node: int) -> Any:
        """A subtree as a value: equal if the subtrees are, whatever the order of children."""
        here = (nodes[node], node == memory_from, node == inject_at)
        return (*here, *sorted(map(read, children(node, base)))) if node >= base else here

    rows = [[len(nodes) - 1]]
    while rows[0][0] >= base:
        rows.insert(0, [c for n in rows[0] for c in sorted(children(n, base), key=read)])
    return [node for row in rows for node in row]
