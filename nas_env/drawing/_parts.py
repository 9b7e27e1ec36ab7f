"""The parts of a drawing: shapes and lines of text."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.path import Path


class Shape(NamedTuple):
    """An area or a line.

    Attributes:
        path: Outline, in inches.
        fill: Colour of the area, or ``"none"``.
        edge: Colour of its edge, or ``"none"``.
        width: Width of the edge in points.
        dashes: Lengths of dashes and gaps by turns, in points; none if the edge is solid.
    """

    path: Path
    fill: str
    edge: str
    width: float
    dashes: tuple[float, ...] = ()


class Text(NamedTuple):
    """A line of text.

    Attributes:
        x: Place of its left end, middle or right end, in inches.
        y: Place of its middle, in inches.
        text: What is written.
        size: Size in points.
        colour: Colour of the text.
        anchor: ``"left"``, ``"center"`` or ``"right"``.
        bold: Whether it is bold.
        italic: Whether it is in italics.
    """

    x: float
    y: float
    text: str
    size: float
    colour: str
    anchor: str
    bold: bool
    italic: bool
