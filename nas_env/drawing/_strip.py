"""Drawings side by side."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.transforms import Affine2D

from nas_env.drawing._canvas import Canvas, Drawing
from nas_env.drawing._parts import Shape, Text
from nas_env.drawing._type import shorten

TITLE = 13.0  # points
MARGIN, HEAD = 0.3, 0.5  # inches


def draw(drawings: Sequence[Drawing], title: str, columns: int) -> Drawing:
    """See :func:`nas_env.drawing.draw_strip`."""
    sizes = [drawing.get_size_inches() for drawing in drawings]
    columns = columns or len(drawings)
    rows = [range(first, len(drawings))[:columns] for first in range(0, len(drawings), columns)]
    heights = [max(sizes[i][1] for i in row) for row in rows]
    head = HEAD if title else 0.0
    width = max(sum(sizes[i][0] for i in row) for row in rows)
    canvas = Canvas(width, head + sum(heights), title)
    line = shorten(title, TITLE, canvas.width - 2 * MARGIN, bold=True)
    canvas.text(MARGIN, MARGIN + 0.1, line, TITLE, bold=True)
    y = head
    for row, height in zip(rows, heights, strict=True):
        x = 0.0
        for index in row:
            _paint(canvas, drawings[index], x, y)
            x += sizes[index][0]
        y += height
    return canvas.figure


def _paint(canvas: Canvas, drawing: Drawing, x: float, y: float) -> None:
    """Paint the parts of a drawing with its upper left corner at a place."""
    shift = Affine2D().translate(x, y)
    for part in drawing.parts:
        if isinstance(part, Text):
            canvas.add(part._replace(x=part.x + x, y=part.y + y))
        elif isinstance(part, Shape):
            canvas.add(part._replace(path=part.path.transformed(shift)))
