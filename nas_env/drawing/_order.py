"""Two orders of the same networks: a network is a dot, and the best of both orders are marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nas_env.drawing._axes import dress
from nas_env.drawing._dots import Dot
from nas_env.drawing._labels import spread
from nas_env.drawing._palette import INK, LINES, MUTED, PAPER, WIRE
from nas_env.drawing._type import DPI, FAMILY, first_lines, shorten

SIZE = (7.2, 6.08)  # inches
BOX = (0.105, 0.262, 0.765, 0.675)  # of the axes, as shares of the picture
EDGE, BELOW = 0.3, 0.58  # inches: beside the notes, and from the axes down to them
LINES_BELOW = 5
NOTE, NAME, DOT = 8.5, 7.5, 44.0  # points; the last is an area
APART = 1.35  # distance of two names, in their own height
NAMES = 1.025  # where names begin, as a share of the axes
WIDEST = 0.75  # inches that a name may take
TEXT: dict[str, Any] = {"family": FAMILY, "parse_math": False}
#: Colour and legend of a network, by whether it is among the best in the first and the second.
SORTS = {
    (True, True): (LINES[1], "best {} in both"),
    (True, False): (LINES[2], "best {} of the search"),
    (False, True): (LINES[3], "best {} in the end"),
    (False, False): (WIRE, "others"),
}


def draw(
    dots: Sequence[Dot], top: int, labels: tuple[str, str], rising: bool, notes: Sequence[str]
) -> Figure:
    """See :func:`nas_env.drawing.draw_order`."""
    figure = Figure(figsize=SIZE, dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes(BOX)
    dress(axes, *labels)
    known = [dot for dot in dots if dot.second is not None]
    _draw_dots(axes, known, top)
    _draw_missing(axes, [dot for dot in dots if dot.second is None])
    if not rising:
        axes.invert_xaxis()
        axes.invert_yaxis()
    _name(axes, [dot for dot in known if any(dot.best)])
    _explain(axes)
    _note(figure, notes)
    return figure


def _draw_dots(axes: Axes, dots: Sequence[Dot], top: int) -> None:
    """Draw the networks that have both scores."""
    for layer, (sort, (colour, label)) in enumerate(SORTS.items()):
        x = [dot.first for dot in dots if dot.best == sort]
        y = [dot.second for dot in dots if dot.best == sort]
        style = {"color": colour, "alpha": 0.8, "lw": 0, "zorder": 5 - layer}
        if x:
            axes.scatter(x, np.array(y, dtype=float), s=DOT, label=label.format(top), **style)


def _draw_missing(axes: Axes, dots: Sequence[Dot]) -> None:
    """Draw the networks without a second score at the lower edge, as crosses."""
    if dots:
        across = {"transform": axes.get_xaxis_transform(), "clip_on": False, "zorder": 6}
        style = {"marker": "x", "color": LINES[8], "label": "diverged", **across}
        axes.scatter([dot.first for dot in dots], np.zeros(len(dots)), s=DOT, **style)


def _name(axes: Axes, dots: Sequence[Dot]) -> None:
    """Write the names of some networks at the right, each with a thin line to its dot."""
    if not dots:
        return
    at = [(dot.first, dot.second or 0.0) for dot in dots]
    axes.set_xlim(axes.get_xlim())  # from here on it stays
    spots = axes.transAxes.inverted().transform(axes.transData.transform(at))
    height = BOX[3] * SIZE[1] * 72  # points
    places = spread(spots[:, 1].tolist(), APART * NAME / height, 0.0, 1.0)
    for dot, spot, place in zip(dots, at, places, strict=True):
        colour = SORTS[dot.best][0]
        leader = {"arrowstyle": "-", "color": colour, "lw": 0.6, "alpha": 0.6}
        axes.annotate(
            shorten(dot.name, NAME, WIDEST),
            spot,
            (NAMES, place),
            textcoords="axes fraction",
            va="center",
            arrowprops={**leader, "shrinkA": 1, "shrinkB": 3, "relpos": (0, 0.5)},
            fontsize=NAME,
            color=colour,
            **TEXT,
        )


def _explain(axes: Axes) -> None:
    """Write the legend above the drawing."""
    text: dict[str, Any] = {"prop": {"family": FAMILY, "size": 8.0}, "labelcolor": INK}
    corner = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "ncols": len(SORTS) + 1}
    axes.legend(frameon=False, handletextpad=0.1, columnspacing=1.2, **corner, **text)


def _note(figure: Figure, notes: Sequence[str]) -> None:
    """Write lines below the drawing."""
    for number, line in enumerate(first_lines(notes, NOTE, SIZE[0] - 2 * EDGE, LINES_BELOW)):
        y = (BOX[1] * SIZE[1] - BELOW - number * NOTE * 1.45 / 72) / SIZE[1]
        figure.text(EDGE / SIZE[0], y, line, fontsize=NOTE, color=MUTED, va="top", **TEXT)
