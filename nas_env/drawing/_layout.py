"""The parts of a picture of an architecture, in inches, before anything is painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
class Layout:
    """The places of all parts, in inches from the upper left corner.

    Attributes:
        size: Width and height.
        box: Width and height of each box.
        centres: The middle of each vertex's box.
        wires: Lines in the order in which they are painted.
        taps: Places where a wire branches off a source's line, each with the source.
        blanks: The middles of the boxes that are not designed yet.
    """

    size: tuple[float, float]
    box: tuple[float, float]
    centres: tuple[Point, ...]
    wires: tuple[Wire, ...] = ()
    taps: tuple[tuple[Point, int], ...] = ()
    blanks: tuple[Point, ...] = ()


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
