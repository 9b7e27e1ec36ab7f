"""The shapes of a picture as matplotlib paths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from matplotlib.path import Path

from nas_env.drawing._layout import Point

Outline = tuple[list[Point], list[Any]]  # matplotlib's vertices and codes

KAPPA = 0.5523  # a cubic curve whose controls reach this far is nearly a quarter of a circle


def rounded_box(centre: Point, width: float, height: float, radius: float) -> Path:
    """Return a rectangle with round corners."""
    x, y = centre
    w, h = width / 2, height / 2
    radius = min(radius, w, h)
    corners = [(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)]
    start = (x - w + radius, y - h)
    vertices, codes = _turned([start, *corners[1:], corners[0], start], radius)
    return Path([*vertices, start], [*codes, Path.CLOSEPOLY])


def _turned(points: Sequence[Point], radius: float) -> Outline:
    """Return straight lines with rounded corners."""
    vertices = [points[0]]
    codes: list[Any] = [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        r = min(radius, math.dist(before, corner), math.dist(corner, after))
        vertices += [
            _towards(corner, before, r),
            _towards(corner, before, r * (1 - KAPPA)),
            _towards(corner, after, r * (1 - KAPPA)),
            _towards(corner, after, r),
        ]
        codes += [Path.LINETO, *[Path.CURVE4] * 3]
    return [*vertices, points[-1]], [*codes, Path.LINETO]


def _swung(points: Sequence[Point]) -> Outline:
    """Return curves from point to point that are vertical at each point."""
    vertices = [points[0]]
    codes: list[Any] = [Path.MOVETO]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (y0 + y1) / 2
        vertices += [(x0, middle), (x1, middle), (x1, y1)]
        codes += [Path.CURVE4] * 3
    return vertices, codes


def line(points: Sequence[Point], smooth: bool, radius: float, short: float) -> Path:
    """Return the line of a wire, ``short`` of its last point to leave room for an arrowhead."""
    before = (points[-1][0], -math.inf) if smooth else points[-2]
    end = _towards(points[-1], before, short)
    points = [*points[:-1], end]
    return Path(*(_swung(points) if smooth else _turned(points, radius)))


def arrowhead(points: Sequence[Point], smooth: bool, size: float) -> Path:
    """Return the triangle at a wire's last point."""
    tip = points[-1]
    before = (tip[0], -math.inf) if smooth else points[-2]
    x, y = _towards(tip, before, size)
    dx, dy = (tip[0] - x) * 0.45, (tip[1] - y) * 0.45
    corners = [tip, (x - dy, y + dx), (x + dy, y - dx), tip]
    return Path(corners, [Path.MOVETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY])


def _towards(start: Point, goal: Point, distance: float) -> Point:
    """Return the point at ``distance`` from ``start`` in the direction of ``goal``."""
    if math.isinf(goal[1]):
        return start[0], start[1] + math.copysign(distance, goal[1])
    length = math.dist(start, goal) or 1.0
    return (
        start[0] + (goal[0] - start[0]) * distance / length,
        start[1] + (goal[1] - start[1]) * distance / length,
    )
