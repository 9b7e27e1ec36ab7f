"""A canvas of a given size in inches, measured from the upper left corner."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.path import Path

from nas_env.drawing._palette import INK, PAPER, LineStyle
from nas_env.drawing._parts import Shape, Text
from nas_env.drawing._type import DPI, FAMILY

STEP = 16  # pixels: video encoders want sides that are multiples of this


class Drawing(Figure):
    """A figure that knows the parts it is made of, from which a small SVG file is written.

    Attributes:
        name: What is drawn, for those who do not see it.
        parts: Shapes and texts in the order in which they are painted, in inches.
    """

    name: str
    parts: list[Shape | Text]


class Canvas:
    """Collects shapes and texts, scaled and shifted as a whole, into a figure.

    Args:
        width: Width in inches; it is rounded up to whole steps of pixels.
        height: Height in inches, likewise.
        name: What is drawn, for those who do not see it.
    """

    def __init__(self, width: float, height: float, name: str = ""):
        self.width, self.height = (math.ceil(s * DPI / STEP) * STEP / DPI for s in (width, height))
        self.figure = Drawing(figsize=(self.width, self.height), dpi=DPI, facecolor=PAPER)
        self.figure.name, self.figure.parts = name, []
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, self.width)
        self.axes.set_ylim(self.height, 0)

    def fill(
        self,
        paths: Sequence[Path],
        colours: Sequence[str],
        edges: Sequence[str] | str = "none",
        width: float = 1.0,
    ) -> None:
        """Paint shapes over everything painted before.

        Args:
            paths: Closed outlines.
            colours: Colour of each.
            edges: Colour of the edge of each, or of all.
            width: Width of the edges in points.
        """
        of_each = [edges] * len(paths) if isinstance(edges, str) else edges
        for path, colour, edge in zip(paths, colours, of_each, strict=True):
            self.figure.parts.append(Shape(path, colour, edge, width))
        self._paint(paths, facecolors=colours, edgecolors=edges, linewidths=width)

    def stroke(self, paths: Sequence[Path], styles: Sequence[LineStyle], width: float) -> None:
        """Paint lines over everything painted before; ``width`` in points."""
        for path, (colour, dashes) in zip(paths, styles, strict=True):
            lengths = tuple(length * width for length in dashes)
            self.figure.parts.append(Shape(path, "none", colour, width, lengths))
        patterns = [(0, dashes or None) for _, dashes in styles]
        colours = [style.colour for style in styles]
        self._paint(paths, edgecolors=colours, linewidths=width, linestyles=patterns)

    def _paint(self, paths: Sequence[Path], **style: Any) -> None:
        if paths:
            style = {"facecolors": "none", "edgecolors": "none", "capstyle": "butt", **style}
            shapes = PathCollection(paths, zorder=len(self.figure.parts), **style)
            self.axes.add_collection(shapes, autolim=False)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        colour: str = INK,
        anchor: str = "left",
        bold: bool = False,
        italic: bool = False,
    ) -> None:
        """Write one line.

        Args:
            x: Place of its left end, middle or right end, as ``anchor`` says.
            y: Place of its middle.
            text: The line.
            size: Size in points.
            colour: Colour of the text.
            anchor: ``"left"``, ``"center"`` or ``"right"``.
            bold: Write in bold.
            italic: Write in italics.
        """
        if text:
            self.add(Text(x, y, text, size, colour, anchor, bold, italic))

    def add(self, part: Shape | Text) -> None:
        """Paint a part as it is."""
        self.figure.parts.append(part)
        if isinstance(part, Shape):
            dashes = [(0, [length / part.width for length in part.dashes] or None)]
            style = {"facecolors": part.fill, "edgecolors": part.edge, "linewidths": part.width}
            self._paint([part.path], **style, linestyles=dashes)
            return
        self.axes.text(
            part.x,
            part.y,
            part.text,
            fontsize=part.size,
            family=FAMILY,
            parse_math=False,
            color=part.colour,
            ha=part.anchor,
            va="center_baseline",
            weight="bold" if part.bold else "normal",
            style="italic" if part.italic else "normal",
            zorder=len(self.figure.parts),
        )

    def lines(self, x: float, y: float, texts: Iterable[str], size: float, colour: str) -> None:
        """Write lines below each other; ``y`` is the middle of the first."""
        for number, text in enumerate(texts):
            self.text(x, y + number * size * 1.45 / 72, text, size, colour=colour)
