"""The small records of a search space: a decision, a box of a drawing, a child's cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Decision:
    """One choice of the sequence.

    Attributes:
        name: Name for people: ``"layer 3 filter height"``.
        kind: Kind of the decision; those of one kind share the controller's embedding and head.
        options: Values to choose among; a token is an index into them.
        layer: Layer that the decision is about, counted from 1; None if there is none.
        source: Earlier layer that a skip decision is about, else None.
        group: Group of decisions that the controller takes in one step; None for a step of its own.
    """

    name: str
    kind: str
    options: tuple[Any, ...]
    layer: int | None = None
    source: int | None = None
    group: str | None = None


class Vertex(NamedTuple):
    """One box of an architecture's drawing.

    Attributes:
        name: Short name: ``"3"``, ``"image"``.
        label: Text in the box: ``"7x5, 48"``; may be empty.
        kind: Kind of box, which decides the colour; ``"input"`` and ``"output"`` are the ends.
        parents: Indices of the boxes that feed it, all earlier.
        shape: Shape of what it gives, ``"32x32x48"``; empty if that is not known.
        parameters: Number of its parameters; None if that is not known.
    """

    name: str
    label: str
    kind: str
    parents: tuple[int, ...] = ()
    shape: str = ""
    parameters: int | None = None


class Cost(NamedTuple):
    """The cost of a child, computed without allocating it."""

    parameters: int  # trainable numbers
    flops: int  # of one forward pass over one example or symbol; a multiply-add counts as two
