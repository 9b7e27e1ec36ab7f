"""Paints a layout: wires, then boxes, then their text."""

from __future__ import annotations

from collections.abc import Sequence

from nas_env.drawing import _paths
from nas_env.drawing._boxes import paint_blanks, paint_boxes
from nas_env.drawing._canvas import Canvas
from nas_env.drawing._layout import Layout, Point
from nas_env.drawing._palette import MUTED, PAPER, LineStyle, line_style
from nas_env.drawing._type import width_of
from search_spaces import Vertex

CORNER = 0.09  # inches: where a wire turns
HEAD = 0.085  # of an arrow
TAP = 0.082  # half of a disc
STROKE, TAP_NAMES = 1.5, (5.6, 4.2)  # points; a number of three digits is smaller


def paint(
    canvas: Canvas, vertices: Sequence[Vertex], layout: Layout, origin: Point, scale: float
) -> None:
    """Paint a layout with its upper left corner at ``origin``."""
    layout = layout.placed(origin, scale)
    _paint_wires(canvas, layout, scale)
    _paint_taps(canvas, vertices, layout, scale)
    paint_blanks(canvas, layout.blanks, layout.box, scale)
    paint_boxes(canvas, vertices, layout.centres, layout.box, scale)
    for label in layout.labels:
        style = {"colour": MUTED, "anchor": "right", "italic": label.faint}
        canvas.text(*label.place, label.text, label.size, **style)


def _paint_wires(canvas: Canvas, layout: Layout, scale: float) -> None:
    head = HEAD * scale
    paths = [
        _paths.line(w.points, w.smooth, CORNER * scale, head * 0.8 * w.arrow) for w in layout.wires
    ]
    lanes = [path for path, wire in zip(paths, layout.wires, strict=True) if wire.source is None]
    lines = [i for i, wire in enumerate(layout.wires) if wire.source is not None]
    above = [paths[i] for i in lines]
    canvas.stroke(lanes, [line_style(None)] * len(lanes), STROKE * scale)
    canvas.stroke(above, [LineStyle(PAPER)] * len(above), 3 * STROKE * scale)
    canvas.stroke(above, [line_style(layout.wires[i].source) for i in lines], STROKE * scale)
    arrows = [wire for wire in layout.wires if wire.arrow]
    heads = [_paths.arrowhead(wire.points, wire.smooth, head) for wire in arrows]
    canvas.fill(heads, [line_style(wire.source).colour for wire in arrows])


def _paint_taps(canvas: Canvas, vertices: Sequence[Vertex], layout: Layout, scale: float) -> None:
    """Paint a disc on each branch, with the name of its source if that is short."""
    size = 2 * TAP * scale
    discs = [_paths.rounded_box(point, size, size, size / 2) for point, _ in layout.taps]
    colours = [line_style(source).colour for _, source in layout.taps]
    canvas.fill(discs, colours, PAPER, 0.8 * scale)
    for (x, y), source in layout.taps:
        name = vertices[source].name
        fitting = [n for n in TAP_NAMES if width_of(name, n, bold=True) <= 2 * TAP - 0.04]
        for size in fitting[:1]:
            canvas.text(x, y, name, size * scale, colour=PAPER, bold=True, anchor="center")
