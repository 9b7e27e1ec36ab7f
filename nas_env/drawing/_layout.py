"""The parts of a picture of an architecture, in inches, before anything is painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from search_spaces import Vertex

Point = tuple[float, float]
LayoutName = Literal["auto", "chain", "layers"]

ENDS = ("input", "output")  # the kinds that are no part of what is designed


@dataclass(frozen=True)
class Wire:
    """A line that carries one vertex's output, or several joined.

    Attributes:
        points: Corners of the line in inches, y downwards.
        source: Vertex whose colour the line has; None for a neutral colour.
        arrow: Whether the line ends in an arrowhead.
        smooth: Draw curves (vertical at each point) instead of corners.
    """

    points: tuple[Point, ...]
    source: int | None = None
    arrow: bool = False
    smooth: bool = False


@dataclass(frozen=True)
class Label:
    """A text beside the boxes.

    Attributes:
        place: Right end of the text, at its middle.
        text: What is written.
        size: Size in points.
        faint: Whether it is written in italics, as a heading.
    """

    place: Point
    text: str
    size: float
    faint: bool = False


@dataclass(frozen=True)
class Layout:
    """The places of all parts, in inches from the upper left corner.

    Attributes:
        size: Width and height.
        box: Width and height of each box.
        centres: The middle of each vertex's box.
        wires: Lines in the order in which they are painted.
        taps: Places where a wire branches off a source's line, each with the source.
        blanks: The middles of the boxes that are not designed yet.
        labels: Texts beside the boxes.
    """

    size: tuple[float, float]
    box: tuple[float, float]
    centres: tuple[Point, ...]
    wires: tuple[Wire, ...] = ()
    taps: tuple[tuple[Point, int], ...] = ()
    blanks: tuple[Point, ...] = ()
    labels: tuple[Label, ...] = ()

    def placed(self, origin: Point, scale: float) -> Layout:
        """Return the layout enlarged, with its upper left corner at ``origin``."""

        def place(point: Point) -> Point:
            return origin[0] + point[0] * scale, origin[1] + point[1] * scale

        return Layout(
            (self.size[0] * scale, self.size[1] * scale),
            (self.box[0] * scale, self.box[1] * scale),
            tuple(map(place, self.centres)),
            tuple(replace(w, points=tuple(map(place, w.points))) for w in self.wires),
            tuple((place(point), source) for point, source in self.taps),
            tuple(map(place, self.blanks)),
            tuple(replace(e, place=place(e.place), size=e.size * scale) for e in self.labels),
        )


def check_order(vertices: Sequence[Vertex]) -> None:
    """Check that each vertex comes after its parents.

    Raises:
        ValueError: If one does not; the message names the first.
    """
    for index, vertex in enumerate(vertices):
        for parent in vertex.parents:
            if not 0 <= parent < index:
                raise ValueError(
                    f"vertex {index} ({vertex.name}) has parent {parent}, expected an earlier one"
                )


def depths(vertices: Sequence[Vertex]) -> list[int]:
    """Return the length of the longest path that ends in each vertex.

    Example:
        >>> depths([Vertex("a", "", ""), Vertex("b", "", "", (0,)), Vertex("c", "", "", (0, 1))])
        [0, 1, 2]
    """
    result: list[int] = []
    for vertex in vertices:
        result.append(1 + max((result[parent] for parent in vertex.parents), default=-1))
    return result


def consumers(vertices: Sequence[Vertex]) -> list[list[int]]:
    """Return the vertices that each vertex feeds."""
    result: list[list[int]] = [[] for _ in vertices]
    for index, vertex in enumerate(vertices):
        for parent in vertex.parents:
            result[parent].append(index)
    return result
