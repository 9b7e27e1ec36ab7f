"""An architecture as a picture: its layout, painted, with a title, a key and notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nas_env.drawing._boxes import box_width, has_chip
from nas_env.drawing._canvas import Canvas, Drawing
from nas_env.drawing._chain import BOX, chain_layout, chain_size
from nas_env.drawing._columns import with_columns
from nas_env.drawing._key import Key, key_height, key_rows, paint_key
from nas_env.drawing._layers import layers_layout
from nas_env.drawing._layout import ENDS, Layout, LayoutName, check_order, depths
from nas_env.drawing._painter import paint
from nas_env.drawing._palette import MUTED
from nas_env.drawing._type import first_lines, shorten
from search_spaces import Vertex

MARGIN = 0.3  # inches, as all that is no type
NARROWEST = 3.6  # of the area: room for the title and the notes
EMPTY_HEIGHT = 1.2
WIDEST, TALLEST = 40.0, 30.0
TITLE, NOTE = 11.0, 8.5  # points
TITLE_HEIGHT, NOTE_HEIGHT = 0.38, NOTE * 1.45 / 72
FOOT_GAP = 0.16  # between the drawing and the notes
NOTES = 4  # lines reserved for notes where the size must not change
EMPTY = "nothing is designed yet"


def draw(
    vertices: Sequence[Vertex],
    title: str,
    notes: Sequence[str],
    slots: int | None,
    layout: LayoutName,
) -> Drawing:
    """See :func:`nas_env.drawing.draw_graph`."""
    check_order(vertices)
    if slots is not None and slots < max(1, len(vertices)):
        raise ValueError(f"slots is {slots}, expected at least {max(1, len(vertices))}")
    plan = _plan(vertices, slots, layout)
    if slots is None:
        plan = with_columns(plan, vertices)
    area = plan.size if slots is None else _reserved(slots, layout)
    sheet = _Sheet.of(area, vertices, bool(title), notes, slots is not None)
    canvas = Canvas(sheet.width + 2 * MARGIN, sheet.bottom + MARGIN, title)
    title = shorten(title, TITLE, sheet.width, bold=True)
    canvas.text(MARGIN, MARGIN + 0.08, title, TITLE, bold=True)
    _paint_plan(canvas, sheet, vertices, plan)
    paint_key(canvas, sheet.key, (MARGIN, sheet.key_top))
    canvas.lines(MARGIN, sheet.foot_top + NOTE_HEIGHT / 2, sheet.notes, NOTE, MUTED)
    return canvas.figure


def suitable(vertices: Sequence[Vertex], growing: bool = False) -> Literal["chain", "layers"]:
    """See :func:`nas_env.drawing.suitable_layout`."""
    if sum(not vertex.parents for vertex in vertices) > 1:
        return "layers"
    if growing or all(has_chip(vertex) or vertex.kind in ENDS for vertex in vertices):
        return "chain"  # all taps have names, and there is room beside it for what else is known
    broad = len(vertices) >= 8 and 2 * (1 + max(depths(vertices))) <= len(vertices)
    return "layers" if broad or _has_nameless_rail(vertices) else "chain"


def _has_nameless_rail(vertices: Sequence[Vertex]) -> bool:
    """Return whether a box that goes further than to the next has no short name for its taps.

    An input may do so beside boxes that have one: it alone is nameless then.
    """
    further = {i for place, vertex in enumerate(vertices) for i in vertex.parents if i < place - 1}
    named = {i for i, vertex in enumerate(vertices) if has_chip(vertex)}
    return any(not named or vertices[i].kind not in ENDS for i in further - named)


def _plan(vertices: Sequence[Vertex], slots: int | None, layout: LayoutName) -> Layout:
    if not vertices and (layout != "chain" or slots is None):
        return Layout((NARROWEST, EMPTY_HEIGHT), BOX, ())
    if layout == "auto":
        layout = suitable(vertices, growing=slots is not None)
    if layout == "chain":
        return chain_layout(vertices, slots)
    return layers_layout(vertices, box_width(vertices))


def _reserved(slots: int, layout: LayoutName) -> tuple[float, float]:
    """Return the area of every picture with that many slots."""
    if layout == "layers":
        return max(NARROWEST, 0.5 * slots), max(NARROWEST, 0.25 * slots)
    return chain_size(slots, max(0, slots - 2))


@dataclass(frozen=True)
class _Sheet:
    """The division of the page, in inches; if the size is fixed, only the area decides it."""

    width: float
    height: float  # of the drawing
    head: float  # of the title
    key: Key
    key_height: float
    foot: float  # of the notes
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        area: tuple[float, float],
        vertices: Sequence[Vertex],
        title: bool,
        notes: Sequence[str],
        fixed: bool,
    ) -> _Sheet:
        scale = min(1.0, WIDEST / area[0], TALLEST / area[1])
        width = max(NARROWEST, area[0] * scale)
        lines = first_lines(notes, NOTE, width, NOTES if fixed else None)
        key = key_rows(vertices, width, 1 if fixed else None)
        return cls(
            width,
            area[1] * scale,
            TITLE_HEIGHT if title or fixed else 0.0,
            key,
            key_height(1 if fixed else len(key)),
            NOTE_HEIGHT * NOTES if fixed else NOTE_HEIGHT * len(lines),
            tuple(lines),
        )

    @property
    def key_top(self) -> float:
        return MARGIN + self.head + self.height

    @property
    def foot_top(self) -> float:
        return self.key_top + self.key_height + FOOT_GAP * bool(self.foot)

    @property
    def bottom(self) -> float:
        return self.foot_top + self.foot


def _paint_plan(canvas: Canvas, sheet: _Sheet, vertices: Sequence[Vertex], plan: Layout) -> None:
    """Paint the layout in its area; one that does not fit is scaled down and centred."""
    scale = min(1.0, sheet.width / plan.size[0], sheet.height / plan.size[1])
    top = MARGIN + sheet.head
    spare = (sheet.height - plan.size[1] * scale) / 2
    paint(canvas, vertices, plan, (MARGIN, top + spare), scale)
    if not vertices and not plan.blanks:
        middle = canvas.width / 2, top + sheet.height / 2
        canvas.text(*middle, EMPTY, NOTE, colour=MUTED, anchor="center", italic=True)
