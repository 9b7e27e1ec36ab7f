"""Boxes and the text in them."""

from __future__ import annotations

from collections.abc import Sequence

from nas_env.drawing._canvas import Canvas
from nas_env.drawing._layout import ENDS, Point
from nas_env.drawing._palette import (
    END_FILL,
    FAINT,
    INK,
    MUTED,
    PAPER,
    LineStyle,
    kind_colours,
    line_style,
)
from nas_env.drawing._paths import rounded_box
from nas_env.drawing._type import shorten, width_of, wrap
from search_spaces import Vertex

CORNER = 0.09  # inches
CHIP = 0.27  # the width of the patch with a short name
PADDING = 0.09
TEXT, SMALL = 8.5, 7.0  # points
NARROW, WIDE = 0.8, 1.75  # of a box that is made for its text
ROOMS = (0.55, 0.7, 0.85, 1.0, 1.15)  # tried for a label beside a chip
LINE = 0.138  # from one line of text to the next

Line = tuple[str, float, str, str]  # text, size, weight, colour


def box_width(vertices: Sequence[Vertex]) -> float:
    """Return the width of a box that holds every vertex's text, within limits."""
    return min(WIDE, max((_needs(vertex) for vertex in vertices), default=NARROW))


def _needs(vertex: Vertex) -> float:
    if not has_chip(vertex):
        name, label = width_of(vertex.name, TEXT, bold=True), width_of(vertex.label, SMALL)
        return max(NARROW, max(name, label) + 2 * PADDING + 0.02)
    for room in ROOMS:
        if width_of(vertex.label, TEXT) <= room:
            return room + CHIP + 2 * PADDING
    for room in ROOMS:
        if " ".join(line[0] for line in _lines(vertex, room)) == vertex.label:
            return room + CHIP + 2 * PADDING
    return WIDE


def paint_boxes(
    canvas: Canvas,
    vertices: Sequence[Vertex],
    centres: Sequence[Point],
    box: Point,
    scale: float,
) -> None:
    """Paint a box for each vertex: its kind's colour, its name, its label."""
    kinds = kind_colours(vertex.kind for vertex in vertices if vertex.kind not in ENDS)
    colours = [kinds.get(vertex.kind, (END_FILL, END_FILL)) for vertex in vertices]
    shapes = [
        rounded_box(centre, *box, box[1] / 2 if vertex.kind in ENDS else CORNER * scale)
        for vertex, centre in zip(vertices, centres, strict=True)
    ]
    fills, edges = [fill for fill, _ in colours], [edge for _, edge in colours]
    canvas.fill(shapes, fills, edges, scale)
    _paint_chips(canvas, vertices, centres, box, scale)
    for vertex, (x, y) in zip(vertices, centres, strict=True):
        shift = CHIP / 2 * scale if has_chip(vertex) else 0.0
        lines = _lines(vertex, box[0] / scale - 2 * shift / scale - 2 * PADDING)
        for number, (text, size, weight, colour) in enumerate(lines):
            dy = (number - (len(lines) - 1) / 2) * LINE * scale
            style = {"colour": colour, "bold": weight == "bold", "anchor": "center"}
            canvas.text(x + shift, y + dy, text, size * scale, **style)


def paint_blanks(canvas: Canvas, centres: Sequence[Point], box: Point, scale: float) -> None:
    """Paint a dashed outline for each box whose vertex is not designed yet."""
    shapes = [rounded_box(centre, *box, CORNER * scale) for centre in centres]
    canvas.stroke(shapes, [LineStyle(FAINT, (3, 3))] * len(shapes), scale)


def _paint_chips(
    canvas: Canvas,
    vertices: Sequence[Vertex],
    centres: Sequence[Point],
    box: Point,
    scale: float,
) -> None:
    """Paint a patch with a short name, in the colour of the lines that leave the box."""
    places = {
        index: (x - box[0] / 2 + (CHIP / 2 + 0.04) * scale, y)
        for index, (x, y) in enumerate(centres)
        if has_chip(vertices[index])
    }
    size = CHIP * scale, box[1] - 0.08 * scale
    shapes = [rounded_box(place, *size, 0.06 * scale) for place in places.values()]
    canvas.fill(shapes, [line_style(index).colour for index in places])
    for index, (x, y) in places.items():
        name = vertices[index].name
        canvas.text(x, y, name, TEXT * scale, colour=PAPER, bold=True, anchor="center")


def has_chip(vertex: Vertex) -> bool:
    """Return whether a box has a patch with its name, which is short."""
    short = width_of(vertex.name, TEXT, bold=True) <= CHIP - 0.02
    return short and vertex.kind not in ENDS and bool(vertex.label)


def _lines(vertex: Vertex, room: float) -> list[Line]:
    """Return the one or two lines of text in a box ``room`` inches wide."""
    ink, second = (PAPER, FAINT) if vertex.kind in ENDS else (INK, MUTED)
    if not has_chip(vertex):
        name = shorten(vertex.name, TEXT, room, bold=True)
        lines: list[Line] = [(name, TEXT, "bold", ink)]
        if vertex.label:
            lines.append((shorten(vertex.label, SMALL, room), SMALL, "normal", second))
        return lines
    if width_of(vertex.label, TEXT) <= room:
        return [(vertex.label, TEXT, "normal", ink)]
    return [(line, SMALL, "normal", ink) for line in _broken(vertex.label, room)]


def _broken(label: str, room: float) -> Sequence[str]:
    """Break a label into two lines: after a comma if both fit, else between any words."""
    phrases = label.split(", ")
    for first in range(len(phrases) - 1, 0, -1):
        lines = ", ".join(phrases[:first]) + ",", ", ".join(phrases[first:])
        if max(width_of(line, SMALL) for line in lines) <= room:
            return lines
    broken = wrap(label, SMALL, room)
    return broken if len(broken) <= 2 else [broken[0], shorten(" ".join(broken[1:]), SMALL, room)]
