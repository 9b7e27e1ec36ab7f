"""The layout of a graph that is no chain: rows by depth, joined by smooth lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from nas_env.drawing._layout import Layout, Point, Wire
from nas_env.drawing._rows import Rows
from search_spaces import Vertex

HEIGHT = 0.36  # of a box, in inches
GAPS = (0.36, 0.8)  # the least and the most between two rows
PORT = 0.22  # between two lines that enter a box


def layers_layout(vertices: Sequence[Vertex], width: float) -> Layout:
    """Arrange the boxes in rows by depth, top down.

    Args:
        vertices: Vertices in topological order, at least one.
        width: Width of a box, in inches.
    """
    rows = Rows(vertices, width)
    rows.arrange()
    left = min(x - w / 2 for x, w in zip(rows.x, rows.widths, strict=True))
    right = max(x + w / 2 for x, w in zip(rows.x, rows.widths, strict=True))
    heights = _heights(rows)
    middles = [(x - left, heights[row]) for x, row in zip(rows.x, rows.level, strict=True)]
    return Layout(
        (right - left, heights[-1] + HEIGHT / 2),
        (width, HEIGHT),
        tuple(middles[: len(vertices)]),
        tuple(_wire(chain, middles, port) for chain, port in _ports(rows, width)),
    )


def _heights(rows: Rows) -> list[float]:
    """Return the middle of each row; a row whose lines go far sideways gets more distance."""
    reach = [0.0] * len(rows.rows)
    for upper, lower in (pair for chain in rows.chains for pair in pairwise(chain)):
        row = rows.level[lower]
        reach[row] = max(reach[row], abs(rows.x[upper] - rows.x[lower]))
    heights = [HEIGHT / 2]
    for sideways in reach[1:]:
        heights.append(heights[-1] + HEIGHT + min(GAPS[1], max(GAPS[0], sideways * 0.16)))
    return heights


def _ports(rows: Rows, width: float) -> list[tuple[list[int], float]]:
    """Return each edge with the place where it enters its target, measured from the middle."""
    entering: dict[int, list[list[int]]] = {}
    for chain in rows.chains:
        entering.setdefault(chain[-1], []).append(chain)
    result = []
    for chains in entering.values():
        pitch = min(PORT, 0.7 * width / len(chains))
        for place, chain in enumerate(sorted(chains, key=lambda chain: rows.x[chain[-2]])):
            result.append((chain, pitch * (place - (len(chains) - 1) / 2)))
    return result


def _wire(chain: Sequence[int], middles: Sequence[Point], port: float) -> Wire:
    """Draw a line from the source's lower edge through each bend to the target's upper edge."""
    points = []
    for node in chain:
        x, y = middles[node]
        points += [(x, y - HEIGHT / 2), (x, y + HEIGHT / 2)]
    x, y = points[-2]
    return Wire((*points[1:-2], (x + port, y)), chain[0], arrow=True, smooth=True)
