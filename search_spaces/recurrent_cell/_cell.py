"""The description of a recurrent cell: a tree of operations, and the way of its memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces._architecture import Architecture, check_keys
from search_spaces._errors import InvalidArchitecture, nearest
from search_spaces.recurrent_cell._identity import canonical_parts
from search_spaces.recurrent_cell._tree import Operation, children

COMBINATIONS = ("add", "elem_mult", "max")  # that cells may have; a space may offer fewer
ACTIVATIONS = ("identity", "tanh", "sigmoid", "relu", "sin")
MAX_BASE = 64
KEYS = ("space", "nodes", "inject", "memory_from", "inject_at")


@dataclass(frozen=True)
class RecurrentCell(Architecture):
    """A cell of Zoph & Le 2017, section 3.4 and figure 5; nodes are counted from 0, leaves first.

    Attributes:
        nodes: The combination and the activation of each node of a complete binary tree, row by
            row from the leaves to the root: the children of node n are ``children(n)``.
        inject: How c_{t-1} comes in: a combination and an activation ("Cell Inject").
        memory_from: The node whose value before its activation is c_t (the first "Cell Index").
        inject_at: The node whose output c_{t-1} is combined with (the second "Cell Index").

    Example:
        The paper's worked example:

        >>> nodes = (("add", "tanh"), ("elem_mult", "relu"), ("elem_mult", "sigmoid"))
        >>> cell = RecurrentCell(nodes, ("add", "relu"), memory_from=1, inject_at=0)
        >>> print(cell.equations())
        a0 = tanh(W0 x + U0 h)
        a0' = relu(a0 + c)
        a1 = relu(W1 x * U1 h)
        a2 = sigmoid(a0' * a1)
        c_t = W1 x * U1 h
        h_t = a2
    """

    nodes: tuple[Operation, ...]
    inject: Operation
    memory_from: int
    inject_at: int

    def __post_init__(self) -> None:
        count = len(self.nodes)
        if count < 3 or (count + 1) & count or self.base > MAX_BASE:
            raise InvalidArchitecture(
                f"{count} nodes are no complete binary tree of 2 to {MAX_BASE} leaves: "
                "expected 3, 7, 15, …"
            )
        for number, operation in enumerate(self.nodes):
            _check_operation(operation, f"node {number}")
        _check_operation(self.inject, "inject")
        for name in ("memory_from", "inject_at"):
            index = getattr(self, name)
            whole = isinstance(index, int) and not isinstance(index, bool)
            if not whole or not 0 <= index < count:
                raise InvalidArchitecture(f"{name} is {index!r}, expected a node, 0 to {count - 1}")

    @property
    def base(self) -> int:
        """The number of leaves, the paper's "base number"."""
        return (len(self.nodes) + 1) // 2

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"space": "recurrent_cell", "nodes": [["add", "tanh"], …], …}``."""
        return {
            "space": "recurrent_cell",
            "nodes": [list(operation) for operation in self.nodes],
            "inject": list(self.inject),
            "memory_from": self.memory_from,
            "inject_at": self.inject_at,
        }

    def canonical(self) -> RecurrentCell:
        """Return the cell that stands for this one and for others that compute the same.

        Cells with one canonical form compute the same from h = c = 0 on, up to the leaves'
        numbers: the children of a node may change places with all below them, since every
        combination is commutative; activations that change nothing are left out; and all cells
        whose h stays zero are one. Cells of different forms may compute the same all the same:
        :mod:`search_spaces.recurrent_cell._identity` says what is folded and what is not.
        """
        return RecurrentCell(
            *canonical_parts(self.nodes, self.inject, self.memory_from, self.inject_at)
        )

    # -- formulas --------------------------------------------------------------------------------
    def formula(self, node: int) -> str:
        """Return what a node is before its activation: ``W0 x + U0 h``, ``a8' * a9``."""
        if node < self.base:
            operands = (f"W{node} x", f"U{node} h")
        else:
            operands = tuple(self.output(child) for child in children(node, self.base))
        return _combined(self.nodes[node][0], *operands)

    def output(self, node: int) -> str:
        """Return what the readers of a node read: ``a3``, or ``a3'`` where c_{t-1} was injected."""
        return f"a{node}'" if node == self.inject_at else f"a{node}"

    def equations(self) -> str:
        """Return one step in formulas, a line each; ``h`` and ``c`` are of the step before."""
        lines = []
        for node, (_, activation) in enumerate(self.nodes):
            lines.append(f"a{node} = {_activated(activation, self.formula(node))}")
            if node == self.inject_at:
                injected = _combined(self.inject[0], f"a{node}", "c")
                lines.append(f"a{node}' = {_activated(self.inject[1], injected)}")
        lines.append(f"c_t = {self.formula(self.memory_from)}")
        lines.append(f"h_t = {self.output(len(self.nodes) - 1)}")
        return "\n".join(lines)


def parse_cell(description: Mapping[str, Any]) -> RecurrentCell:
    """Return the cell of a dictionary as :meth:`RecurrentCell.to_dict` gives it.

    Raises:
        InvalidArchitecture: If something is wrong; the message names the first thing.
    """
    check_keys(description, KEYS, "the architecture")
    if description["space"] != "recurrent_cell":
        raise InvalidArchitecture(f"space is {description['space']!r}, expected 'recurrent_cell'")
    nodes = description["nodes"]
    if not isinstance(nodes, list):
        raise InvalidArchitecture("nodes must be a list of [combination, activation]")
    return RecurrentCell(
        tuple(_pair(node, f"node {number}") for number, node in enumerate(nodes)),
        _pair(description["inject"], "inject"),
        description["memory_from"],
        description["inject_at"],
    )


def _pair(value: Any, what: str) -> Operation:
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidArchitecture(f"{what} is {value!r}, expected [combination, activation]")
    return value[0], value[1]


def _check_operation(operation: Operation, what: str) -> None:
    combination, activation = operation
    if combination not in COMBINATIONS:
        hint = nearest(str(combination), COMBINATIONS)
        raise InvalidArchitecture(f"{what} combination is {combination!r}: {hint}")
    if activation not in ACTIVATIONS:
        hint = nearest(str(activation), ACTIVATIONS)
        raise InvalidArchitecture(f"{what} activation is {activation!r}: {hint}")


def _combined(combination: str, left: str, right: str) -> str:
    if combination == "max":
        return f"max({left}, {right})"
    return f"{left} {'+' if combination == 'add' else '*'} {right}"


def _activated(activation: str, formula: str) -> str:
    return formula if activation == "identity" else f"{activation}({formula})"
