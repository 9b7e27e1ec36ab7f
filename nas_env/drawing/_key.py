"""The key of a picture: what the colours of its boxes mean."""

from __future__ import annotations

from collections.abc import Sequence

from nas_env.drawing._canvas import Canvas
from nas_env.drawing._layout import ENDS, Point
from nas_env.drawing._palette import MUTED, kind_colours
from nas_env.drawing._paths import rounded_box
from nas_env.drawing._type import ELLIPSIS, shorten, width_of
from search_spaces import Vertex

TEXT = 7.5  # points
ROW, GAP = 0.19, 0.1  # inches, as what follows
SQUARE, INDENT, SPACE = (0.14, 0.12), 0.2, 0.16

Colours = tuple[str, str]  # fill and edge
Key = Sequence[Sequence[tuple[float, str, Colours | None]]]  # rows of place, text, colours


def key_rows(vertices: Sequence[Vertex], width: float, most: int | None) -> Key:
    """Return the rows of the key, of the kinds that no box says; none if there is only one.

    Args:
        vertices: The vertices.
        width: Width of a row, in inches.
        most: Number of rows that there is room for; an ellipsis stands for further kinds.
    """
    kinds = [vertex.kind for vertex in vertices if vertex.kind not in ENDS]
    unsaid = {vertex.kind for vertex in vertices if vertex.name != vertex.kind}
    colours = {kind: pair for kind, pair in kind_colours(kinds).items() if kind in unsaid}
    rows: list[list[tuple[float, str, Colours | None]]] = [[]]
    x = 0.0
    for kind, pair in colours.items() if len(colours) > 1 else ():
        kind = shorten(kind, TEXT, width - INDENT)
        wide = INDENT + width_of(kind, TEXT) + SPACE
        if rows[-1] and x + wide - SPACE > width:
            if len(rows) == most:
                rows[-1].append((x - INDENT, ELLIPSIS, None))
                break
            rows.append([])
            x = 0.0
        rows[-1].append((x, kind, pair))
        x += wide
    return rows if rows[0] else ()


def key_height(rows: int) -> float:
    """Return the height of a key with that many rows, in inches."""
    return GAP + ROW * rows if rows else 0.0


def paint_key(canvas: Canvas, key: Key, origin: Point) -> None:
    """Paint the rows below ``origin``."""
    for number, row in enumerate(key):
        y = origin[1] + GAP + ROW * (number + 0.5)
        for place, text, colours in row:
            x = origin[0] + place
            if colours:
                square = rounded_box((x + SQUARE[0] / 2, y), *SQUARE, 0.03)
                canvas.fill([square], [colours[0]], colours[1])
            canvas.text(x + INDENT, y, text, TEXT, colour=MUTED)
