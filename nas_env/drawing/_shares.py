"""Shares over the course of a search: a row for each decision, a column for each window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nas_env.drawing._palette import FAINT, INK, MUTED, PAPER
from nas_env.drawing._type import DPI, FAMILY, shorten, width_of

COLOURS = "viridis"  # is read alike in grey and by the colour-blind
WIDTH = 4.4  # inches of the colours, as all that is no type
ROW, LOWEST, TALLEST = 0.16, 0.9, 9.0  # height of a row with its name, and of all of them
HEAD, FOOT, GAP, BAR = 0.5, 0.5, 0.12, 0.14
WIDEST = 2.2  # a name
NAME, LABEL = 7.0, 9.0  # points
TICKS = 6


def draw(
    shares: np.ndarray,
    rows: Sequence[str],
    favourites: Sequence[str],
    numbers: Sequence[int],
    title: str,
) -> Figure:
    """See :func:`nas_env.drawing.draw_shares`."""
    height = float(np.clip(ROW * len(rows), LOWEST, TALLEST))
    every = math.ceil(ROW * len(rows) / TALLEST)  # of many rows, only each so many has its name
    names = [_names(texts, max(1, every)) for texts in (rows, favourites)]
    left, right = (0.3 + max((width_of(n, NAME) for n in side), default=0) for side in names)
    size = (left + WIDTH + right + 0.9, HEAD + height + FOOT)
    figure = Figure(figsize=size, dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((left / size[0], FOOT / size[1], WIDTH / size[0], height / size[1]))
    image = axes.imshow(
        np.ma.masked_invalid(shares), cmap=COLOURS, vmin=0, vmax=1, aspect="auto", origin="upper",
        interpolation="nearest",
    )  # fmt: skip
    _name(axes, names, numbers)
    style: dict[str, Any] = {"family": FAMILY, "color": INK}
    figure.text(0.12 / size[0], 1 - 0.28 / size[1], title, fontsize=10, weight="bold", **style)
    where = ((left + WIDTH + right) / size[0], FOOT / size[1], BAR / size[0], height / size[1])
    bar = figure.colorbar(image, cax=figure.add_axes(where), ticks=[0, 0.5, 1])
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.ax.set_yticklabels(["0%", "50%", "100%"], fontsize=NAME, **style)
    return figure


def _names(texts: Sequence[str], every: int) -> list[str]:
    """Return the names that are written: empty where there is no room for one."""
    fitting = (shorten(text, NAME, WIDEST) for text in texts)
    return [text if place % every == 0 else "" for place, text in enumerate(fitting)]


def _name(axes: Axes, names: Sequence[Sequence[str]], numbers: Sequence[int]) -> None:
    """Write the decisions, what each share is of, and the numbers of children."""
    style: dict[str, Any] = {"family": FAMILY, "color": MUTED}
    axes.set_yticks(range(len(names[0])), names[0], fontsize=NAME, **style)
    for place, name in enumerate(names[1]):
        axes.text(len(numbers) - 0.5 + 0.1, place, f" {name}", va="center", fontsize=NAME, **style)
    step = max(1, -(-len(numbers) // TICKS))
    shown = np.arange(len(numbers))[step - 1 :: step]
    axes.set_xticks(shown, [f"{numbers[i]:,}" for i in shown], fontsize=NAME, **style)
    axes.set_xlabel("children", fontsize=LABEL, family=FAMILY, color=INK)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_edgecolor(FAINT)
