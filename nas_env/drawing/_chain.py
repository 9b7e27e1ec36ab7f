"""The layout of a chain of layers: a tower of boxes, and rails for skip connections.

Neighbours are joined by an arrow. An output that goes further leaves its box to the right and runs
down a rail of its own; a layer that reads rails has a line into its right side, with a tap on each
rail that it reads. The earliest source has the outermost rail: leaving lines cross nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nas_env.drawing._layout import Layout, Point, Wire, consumers
from search_spaces import Vertex

BOX = (1.75, 0.34)
ROW = 0.52
RAIL = 0.22
FIRST_RAIL = 0.36  # from the boxes: room for the arrowheads
LANE = 0.08  # lines enter this far above a box's middle, and leave this far below it


def chain_size(rows: int, rails: int) -> tuple[float, float]:
    """Return width and height of a tower of ``rows`` boxes with ``rails`` rails beside it."""
    width = BOX[0] + (FIRST_RAIL + RAIL * (rails - 0.5) if rails else 0)
    return width, ROW * (rows - 1) + BOX[1]


def chain_layout(vertices: Sequence[Vertex], slots: int | None = None) -> Layout:
    """Arrange the boxes as a tower, top down.

    Args:
        vertices: Vertices in topological order.
        slots: Rows to reserve. The output stands in the last row from the start, and every
            vertex that may have a rail keeps its place for it.
    """
    rows = _rows(vertices, slots)
    height = slots or len(vertices)
    sources = _sources(vertices, rows) if slots is None else range(max(0, slots - 2))
    rails = {row: _rail(place) for place, row in enumerate(reversed(sources))}
    wires, taps = _wires(vertices, rows, rails)
    return Layout(
        chain_size(height, len(rails)),
        BOX,
        tuple(_centre(row) for row in rows),
        wires,
        taps,
        tuple(_centre(row) for row in range(height) if row not in rows),
    )


def _rows(vertices: Sequence[Vertex], slots: int | None) -> list[int]:
    """Return the row of each vertex; outputs are at the bottom."""
    spare = (slots or len(vertices)) - len(vertices)
    body = len(vertices)
    while body and vertices[body - 1].kind == "output":
        body -= 1
    return [index if index < body else index + spare for index in range(len(vertices))]


def _sources(vertices: Sequence[Vertex], rows: Sequence[int]) -> list[int]:
    """Return the rows whose output goes further than to the next row."""
    return [
        rows[index]
        for index, targets in enumerate(consumers(vertices))
        if any(rows[target] > rows[index] + 1 for target in targets)
    ]


def _wires(
    vertices: Sequence[Vertex], rows: Sequence[int], rails: Mapping[int, float]
) -> tuple[tuple[Wire, ...], tuple[tuple[Point, int], ...]]:
    steps: list[Wire] = []
    lines: list[Wire] = []
    lanes: list[Wire] = []
    taps: list[tuple[Point, int]] = []
    for index, vertex in enumerate(vertices):
        read = [parent for parent in vertex.parents if rows[parent] + 1 < rows[index]]
        if len(read) < len(vertex.parents):
            steps.append(_step(rows[index], index - 1))
        if read:
            lane = ROW * rows[index] + BOX[1] / 2 - LANE
            outermost = max(rails[rows[parent]] for parent in read)
            lanes.append(Wire(((outermost, lane), (BOX[0], lane)), arrow=True))
            taps.extend(((rails[rows[parent]], lane), parent) for parent in read)
    for source in sorted({source for _, source in taps}):
        end = max(y for (_, y), tapped in taps if tapped == source)
        lines.append(_line(source, rows[source], rails[rows[source]], end))
    return (*lanes, *lines, *steps), tuple(taps)


def _step(row: int, source: int) -> Wire:
    """Return the arrow from the row above."""
    x, top = BOX[0] / 2, ROW * row
    return Wire(((x, top - ROW + BOX[1]), (x, top)), source, arrow=True)


def _line(source: int, row: int, rail: float, end: float) -> Wire:
    """Return the line out of a box, to its rail, and down to the last layer that reads it."""
    start = ROW * row + BOX[1] / 2 + LANE
    return Wire(((BOX[0] - LANE, start), (rail, start), (rail, end)), source)


def _rail(place: int) -> float:
    return BOX[0] + FIRST_RAIL + RAIL * place


def _centre(row: int) -> Point:
    return BOX[0] / 2, ROW * row + BOX[1] / 2
