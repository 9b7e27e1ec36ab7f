"""The picture of a control: the means of the best over time, and the advantage (figure 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nas_env.benchmark._paper import dress, title
from nas_env.benchmark._plots import unit_of
from nas_env.controls.comparison import Compared, bands
from nas_env.controls.curves import Curve
from nas_env.controls.telling import name_of
from nas_env.drawing._palette import INK, LINES, PAPER
from nas_env.drawing._type import DPI, FAMILY

COLUMN, HEIGHT = 5.0, 6.2  # inches
LEFT = 0.75  # inches beside the first axes
COLOURS = LINES[1:]  # by the number of the best
DASHES = (0, (4, 1.6))  # of the control
LUCK = 0.12  # part of a curve, from its beginning, whose means do not set the limits
WIDE = 0.4  # and whose intervals do not
LEGEND, MOST = 8.0, 6  # points; columns of a broad legend


def draw(compared: Compared) -> Figure:
    """Draw the means of the best of agent and control above, and the advantage below.

    Over children at the left; over seconds of training at the right, where they are known.
    """
    known = {count: curve for count, curve in compared.over_seconds.items() if curve is not None}
    columns = 2 if known else 1
    width = 0.8 + COLUMN * columns
    figure = Figure(figsize=(width, HEIGHT), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    grid = figure.subplots(2, columns, sharex="col", squeeze=False)
    figure.subplots_adjust(
        left=LEFT / width, right=1 - 0.2 / width, top=0.89, bottom=0.15, hspace=0.09, wspace=0.2
    )
    children = {count: curve.thinned() for count, curve in compared.over_children.items()}
    _column(grid[:, 0], compared, children, 1.0, "children")
    if known:
        unit, name = unit_of(max(float(curve.x[-1]) for curve in known.values()))
        _column(grid[:, 1], compared, known, unit, f"{name} of training")
    count = len(compared.runs)
    note = "one run" if count == 1 else f"mean over {count} runs; bands are 95% intervals"
    title(grid[0, 0], f"{compared.env}: {compared.agent} and random search", note)
    figure.align_ylabels()
    _explain(figure, compared, 3 if columns == 1 else MOST)
    return figure


def _column(
    axes: np.ndarray, compared: Compared, curves: Mapping[int, Curve], unit: float, x: str
) -> None:
    """Draw both panels over one quantity, whose values are divided by ``unit``."""
    above, below = axes
    dress(above, "", compared.metric.title)
    dress(below, x, "advantage of the agent")
    below.axhline(0.0, color=INK, lw=0.8, zorder=1)
    colours = dict(zip(compared.over_children, _colours(compared), strict=True))
    seen: dict[Axes, list[np.ndarray]] = {above: [], below: [np.zeros(1)]}
    for count, curve in curves.items():
        line: dict[str, Any] = {"color": colours[count], "lw": 1.7, "drawstyle": "steps-post"}
        at, late = curve.x / unit, slice(int(LUCK * len(curve.x)), None)
        for values, dashes in ((curve.agent, "-"), (curve.control, DASHES)):
            mean = bands(values)[0]
            above.plot(at, mean, ls=dashes, **line)
            seen[above].append(mean[late])
        mean, low, high = bands(curve.advantage)
        below.plot(at, mean, **line)
        below.fill_between(at, low, high, color=colours[count], alpha=0.13, lw=0, step="post")
        seen[below] += [mean[late], *(each[int(WIDE * len(at)) :] for each in (low, high))]
    for panel, values in seen.items():
        _limit(panel, np.concatenate(values))


def _colours(compared: Compared) -> list[str]:
    return [COLOURS[place % len(COLOURS)] for place in range(len(compared.over_children))]


def _limit(axes: Axes, values: np.ndarray) -> None:
    """Set limits that hold the values, with a little air."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    air = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    axes.set_ylim(low - air, high + air)
    axes.margins(x=0.01)


def _explain(figure: Figure, compared: Compared, columns: int) -> None:
    """Write the legend below: a colour for each number of the best, a dash for the control."""
    line: dict[str, Any] = {"lw": 1.7}
    handles = [
        Line2D([], [], color=colour, label=name_of(count), **line)
        for count, colour in zip(compared.over_children, _colours(compared), strict=True)
    ]
    handles += [
        Line2D([], [], color=INK, label=compared.agent, **line),
        Line2D([], [], color=INK, ls=DASHES, label="random search", **line),
    ]
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(LEFT / figure.get_figwidth(), 0.01),
        ncols=min(columns, len(handles)),
        frameon=False,
        labelcolor=INK,
        prop={"family": FAMILY, "size": LEGEND},
    )
