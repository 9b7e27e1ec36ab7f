"""The curve of a search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nas_env.drawing._axes import dress
from nas_env.drawing._palette import INK, MUTED, PAPER
from nas_env.drawing._type import DPI, FAMILY, shorten, width_of

SIZE = (7.2, 4.64)  # inches
COLOURS = ("#2468b0", "#dd6b10")  # the search, the control
MANY = 1_000  # dots from which an SVG holds them as pixels, else each has a line of its own
WINDOW, WINDOWS = 5, 20  # the running mean is over so many children, or such a part of them
LEGEND = 8.0  # points
LEGEND_WIDTH = 6.5  # inches
COLUMN = 0.72  # inches that a column of the legend takes beside its text
WIDEST = ": best so far, 0.0001234"  # what may follow a name
EMPTY = "no child has succeeded"


def draw(searches: Sequence[tuple[str, Sequence[float]]]) -> Figure:
    """See :func:`nas_env.drawing.draw_curve`."""
    figure = Figure(figsize=SIZE, dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.095, 0.24, 0.875, 0.72))
    names = _fitting([name for name, _ in searches])
    rewards = [(name, _finite(v)) for name, (_, v) in zip(names, searches, strict=True)]
    children = max(len(values) for _, values in rewards)
    window = max(WINDOW, round(children / WINDOWS))
    for place, (name, values) in enumerate(rewards):
        if np.isfinite(values).any():
            _draw_search(axes, name, values, window, COLOURS[place % len(COLOURS)], 3 - place)
    _dress(axes, children)
    return figure


def _fitting(names: Sequence[str]) -> list[str]:
    """Return the names of the searches, shortened where the legend would leave the picture."""
    room = LEGEND_WIDTH - len(names) * (COLUMN + width_of(WIDEST, LEGEND))
    if sum(width_of(name, LEGEND) for name in names) <= room:
        return list(names)
    return [shorten(name, LEGEND, room / len(names)) for name in names]


def _finite(values: Sequence[float]) -> np.ndarray:
    """Return the rewards as float64, with NaN for those that are not finite."""
    rewards = np.asarray(values, dtype=np.float64).reshape(-1)
    return np.where(np.isfinite(rewards), rewards, np.nan)


def running_mean(rewards: np.ndarray, window: int) -> np.ndarray:
    """Return the mean over the last ``window`` children, leaving out those without a reward.

    Example:
        >>> running_mean(np.array([1.0, np.nan, 3.0, 5.0]), 2).tolist()
        [1.0, 1.0, 3.0, 4.0]
    """
    known = np.isfinite(rewards)
    totals = np.cumsum(np.where(known, rewards, 0.0))
    counts = np.cumsum(known)
    totals[window:] -= totals[:-window].copy()
    counts[window:] -= counts[:-window].copy()
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)


def _draw_search(
    axes: Axes, name: str, rewards: np.ndarray, window: int, colour: str, layer: float
) -> None:
    x = np.arange(1, len(rewards) + 1)
    best = np.fmax.accumulate(rewards)
    size = float(np.clip(4000 / len(rewards), 3, 22))
    dots = {
        "s": size,
        "alpha": 0.5 if len(x) < 50 else 0.28,
        "linewidths": 0,
        "rasterized": len(x) > MANY,
        "label": f"{name}: each child",
    }
    axes.scatter(x, rewards, color=colour, zorder=layer, **dots)
    mean = {"lw": 1.9, "label": f"{name}: mean of the last {window}"}
    axes.plot(x, running_mean(rewards, window), color=colour, zorder=layer + 4, **mean)
    steps = {"lw": 1.3, "ls": (0, (4, 1.6)), "label": f"{name}: best so far, {best[-1]:.4g}"}
    axes.step(x, best, where="post", color=colour, zorder=layer + 2, **steps)


def _dress(axes: Axes, children: int) -> None:
    """Set axes, grid and legend."""
    dress(axes, "children", "reward")
    axes.set_xlim(0.5 if children < 20 else 0, max(children, 1) * 1.01 + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=9, min_n_ticks=1))
    if axes.has_data():
        _explain(axes)
        return
    middle = {"ha": "center", "va": "center", "transform": axes.transAxes, "style": "italic"}
    axes.text(0.5, 0.5, EMPTY, fontsize=9, family=FAMILY, color=MUTED, **middle)
    axes.set_ylim(0, 1)


def _explain(axes: Axes) -> None:
    """Write the legend below the curve, with a column for each search."""
    axes.legend(
        ncols=len(axes.collections),
        loc="upper left",
        bbox_to_anchor=(-0.01, -0.13),
        frameon=False,
        labelcolor=INK,
        prop={"family": FAMILY, "size": LEGEND},
    )
