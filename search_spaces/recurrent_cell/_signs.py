"""Finds the values of a recurrent cell that are never negative, or always zero.

A cell starts with h = c = 0 and has no biases. So there are signs that hold for all weights and
inputs: a leaf that multiplies by U h is zero as long as h is, and no sigmoid is negative.
They are found by abstract interpretation (Cousot & Cousot 1977) with three values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from search_spaces.recurrent_cell._tree import Operation, children

ZERO, NOT_NEGATIVE, ANY = range(3)  # each is a special case of the next


class Signs(NamedTuple):
    """The signs that hold at all steps from h = c = 0 on.

    Attributes:
        h: Sign of every h_t.
        before: Sign of each node before its activation.
        inject: Sign of the injection before its activation.
    """

    h: int
    before: tuple[int, ...]
    inject: int


def signs(nodes: Sequence[Operation], inject: Operation, memory_from: int, inject_at: int) -> Signs:
    """Return the signs that hold at every step: those of the start, widened until they stay.

    Example:
        >>> product = ("elem_mult", "tanh")
        >>> signs([product, product, ("add", "relu")], ("add", "identity"), 0, 0).h == ZERO
        True
    """
    h = c = ZERO
    while True:
        before, outputs, injected = _step(nodes, inject, inject_at, h, c)
        wider = max(h, outputs[-1]), max(c, before[memory_from])
        if wider == (h, c):
            return Signs(h, tuple(before), injected)
        h, c = wider


def _step(
    nodes: Sequence[Operation], inject: Operation, inject_at: int, h: int, c: int
) -> tuple[list[int], list[int], int]:
    base = (len(nodes) + 1) // 2
    uh = ZERO if h == ZERO else ANY
    before: list[int] = []
    outputs: list[int] = []
    injected = ANY
    for node, (combination, activation) in enumerate(nodes):
        left, right = (outputs[i] for i in children(node, base)) if node >= base else (ANY, uh)
        before.append(_combined(combination, left, right))
        outputs.append(_activated(activation, before[-1]))
        if node == inject_at:
            injected = _combined(inject[0], outputs[-1], c)
            outputs[-1] = _activated(inject[1], injected)
    return before, outputs, injected


def _combined(combination: str, left: int, right: int) -> int:
    if combination == "elem_mult" and ZERO in (left, right):
        return ZERO
    if combination == "max" and ANY in (left, right):
        return max(min(left, right), NOT_NEGATIVE)
    return max(left, right)


def _activated(activation: str, before: int) -> int:
    if before == ZERO:
        return NOT_NEGATIVE if activation == "sigmoid" else ZERO
    if activation in ("sigmoid", "relu"):
        return NOT_NEGATIVE
    return ANY if activation == "sin" else before
