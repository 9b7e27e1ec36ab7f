"""Decides which recurrent cells are equal from h = c = 0 on, as functions of inputs and weights.

What is folded, in exact arithmetic:

- the order of a node's children, with all below them: every combination is commutative, and the
  leaves take their matrices along, which all start alike;
- an activation that changes nothing, for the sign that its node always has: a relu of what is
  never negative, a tanh, relu or sin of what is always zero;
- all cells whose h stays zero for ever, since products keep it there (16% of random base-8 cells):
  to a language model each is the same constant.

What is not folded, for example: the grouping of a sum or a product over several nodes; a memory
that could as well be injected at another node of the same sum; a relu that could as well be taken
after a product with what is not negative; and what a memory that stays zero makes superfluous. So
cells of one form compute the same, and cells of different forms may do so too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from search_spaces.recurrent_cell._signs import NOT_NEGATIVE, ZERO, signs
from search_spaces.recurrent_cell._tree import Operation, children

Parts = tuple[tuple[Operation, ...], Operation, int, int]  # the fields of a cell
CONSTANT: Operation = ("elem_mult", "identity")  # all nodes of the cell whose h stays zero


def canonical_parts(
    nodes: Sequence[Operation], inject: Operation, memory_from: int, inject_at: int
) -> Parts:
    """Return the fields of the canonical cell; at each node the lesser subtree comes first."""
    found = signs(nodes, inject, memory_from, inject_at)
    if found.h == ZERO:
        return (CONSTANT,) * len(nodes), CONSTANT, 0, 0
    plain = [_plain(node, sign) for node, sign in zip(nodes, found.before, strict=True)]
    order = _order(plain, memory_from, inject_at)
    return (
        tuple(plain[old] for old in order),
        _plain(inject, found.inject),
        order.index(memory_from),
        order.index(inject_at),
    )


def _plain(operation: Operation, before: int) -> Operation:
    """Return the operation without an activation that changes nothing of a value of that sign."""
    combination, activation = operation
    keeps_zero, keeps_sign = activation != "sigmoid", activation == "relu"
    idle = (before == ZERO and keeps_zero) or (before == NOT_NEGATIVE and keeps_sign)
    return (combination, "identity") if idle else operation


def _order(nodes: Sequence[Operation], memory_from: int, inject_at: int) -> list[int]:
    """Return the node for each place of the canonical tree, row by row."""
    base = (len(nodes) + 1) // 2

    @cache
    def read(node: int) -> Any:
        """Return a subtree as a value: equal if the subtrees are, whatever the children's order."""
        here = (nodes[node], node == memory_from, node == inject_at)
        return (*here, *sorted(map(read, children(node, base)))) if node >= base else here

    rows = [[len(nodes) - 1]]
    while rows[0][0] >= base:
        rows.insert(0, [c for n in rows[0] for c in sorted(children(n, base), key=read)])
    return [node for row in rows for node in row]
