"""The columns to the left of a tower of boxes: the shape of each output, and the parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nas_env.drawing._layout import Label, Layout
from nas_env.drawing._text import counted
from nas_env.drawing._type import width_of
from search_spaces import Vertex

SIZE, HEADING = 7.0, 6.5  # points
HEAD = 0.26  # inches that the headings take, as what follows
APART, BESIDE = 0.2, 0.14  # between the columns, and from the last to the boxes
HEADINGS = ("output", "parameters")


def with_columns(layout: Layout, vertices: Sequence[Vertex]) -> Layout:
    """Return a layout with the columns; the same if nothing is known, or boxes stand abreast."""
    if len({x for x, _ in layout.centres}) != 1:
        return layout
    texts = [(vertex.shape, counted(vertex.parameters)) for vertex in vertices]
    columns = [
        [HEADINGS[place], *column]
        for place, column in enumerate(zip(*texts, strict=True))
        if any(column)
    ]
    if not columns:
        return layout
    widths = [max(width_of(text, SIZE) for text in column) for column in columns]
    left = sum(widths) + APART * (len(widths) - 1) + BESIDE
    moved = layout.placed((left, HEAD), 1.0)
    labels: list[Label] = []
    right = 0.0
    for width, column in zip(widths, columns, strict=True):
        right += width
        labels.extend(_labels(column, right, moved))
        right += APART
    size = layout.size[0] + left, layout.size[1] + HEAD
    return replace(moved, size=size, labels=tuple(labels))


def _labels(column: Sequence[str], right: float, layout: Layout) -> Iterator[Label]:
    """Yield the texts of a column, which end at ``right``."""
    heading, *texts = column
    yield Label((right, HEAD / 4), heading, HEADING, faint=True)
    for text, (_, y) in zip(texts, layout.centres, strict=True):
        yield Label((right, y), text, SIZE)
