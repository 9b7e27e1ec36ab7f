"""The small records of a search space: a decision, a box of a drawing, a child's cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Decision:
    """One choice of the sequence.

    Attributes:
        name: What a person reads: ``"layer 3 filter height"``.
        kind: Decisions of one kind share the controller's embedding and head.
        options: The values to choose among; a token is an index into them.
        layer: The layer that the decision is about, counted from 1; None where there is none.
        source: The earlier layer that a skip decision is about, else None.
        group: Decisions of one group are taken in one step of the controller; None stands alone.
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
        name: Short: ``"3"``, ``"image"``.
        label: What stands in the box: ``"7x5, 48"``; may be empty.
        kind: Boxes of one kind have one colour; ``"input"`` and ``"output"`` are the ends.
        parents: The boxes that feed it, as indices into the drawing, all earlier.
    """

    name: str
    label: str
    kind: str
    parents: tuple[int, ...] = ()


class Cost(NamedTuple):
    """What a child costs, computed without allocating it."""

    parameters: int  # trainable numbers
    flops: int  # of one forward pass over one example or token; a multiply-add counts as two
