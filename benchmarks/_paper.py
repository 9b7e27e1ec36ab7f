"""The paper of the benchmark's pictures: colours of agents, axes, labels that keep apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from agents import agent_names
from nas_env.drawing._canvas import DPI
from nas_env.drawing._palette import FAINT, INK, LINES, MUTED, PAPER
from nas_env.drawing._type import FAMILY

CONTROL_COLOUR = "#4a5568"
#: Of the agents, by their place in the catalogue: an agent has one colour in all pictures.
COLOURS = (*LINES[1:], "#6f8f1f", "#8a4b2a", "#d4578f", "#3f5f8f", "#2f9e6e", "#9467bd")
LABEL = 8.0  # points
APART = 1.3  # distance of two labels, in their own height
GAP = 16.0  # points between the axes and the labels
TEXT: dict[str, Any] = {"family": FAMILY, "parse_math": False}


def colours_of(labels: Mapping[str, str], control: str | None) -> dict[str, str]:
    """The colour of each label: its agent's, or the next free one for a second preset.

    Args:
        labels: Each with its agent's name.
        control: The label of random search, which is grey.
    """
    known, taken = agent_names(), dict[str, str]()
    for label in sorted(labels):
        name = labels[label]
        place = known.index(name) if name in known else crc32(name.encode())
        options = [COLOURS[(place + step) % len(COLOURS)] for step in range(len(COLOURS))]
        free = [colour for colour in options if colour not in taken.values()]
        taken[label] = CONTROL_COLOUR if label == control else (free or options)[0]
    return taken


def figure_of(width: float, height: float, box: tuple[float, float, float, float]) -> tuple:
    """A figure of that many inches, and its axes in the box (left, bottom, right, top margins)."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    left, bottom, right, top = box
    size = ((width - left - right) / width, (height - bottom - top) / height)
    return figure, figure.add_axes((left / width, bottom / height, *size))


def dress(axes: Axes, x: str, y: str, *, grid: str = "both") -> None:
    """Axes and grid in settings of our own: a user's matplotlibrc changes nothing."""
    style: dict[str, Any] = {"fontsize": 9, "color": INK, **TEXT}
    axes.set_xlabel(x, **style)
    axes.set_ylabel(y, **style)
    axes.grid(False)
    axes.grid(True, axis=grid, color=FAINT, lw=0.5, alpha=0.6, ls="-")  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.set_facecolor(PAPER)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_edgecolor(FAINT)
    axes.tick_params(
        which="both", labelsize=8, labelcolor=MUTED, color=FAINT, labelfontfamily=FAMILY
    )


def title(axes: Axes, text: str, below: str) -> None:
    """A title at the left, and a line of small print below it."""
    place = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
    axes.annotate(text, (0, 1), (0, 22), **place, fontsize=10.5, color=INK, weight="bold", **TEXT)
    axes.annotate(below, (0, 1), (0, 9), **place, fontsize=8, color=MUTED, **TEXT)


def label_ends(axes: Axes, ends: Sequence[tuple[str, float, float, str, bool]]) -> None:
    """Name each curve beside its end, the names pushed apart, a thin line leading to each.

    Args:
        axes: With its limits set.
        ends: Of each curve its name, where it ends, its colour, and whether it matters most.
    """
    points = 72 / axes.figure.dpi
    width, height = axes.bbox.width * points, axes.bbox.height * points
    spot = axes.transAxes.inverted().transform(
        axes.transData.transform([(x, y) for _, x, y, _, _ in ends])
    )
    at = spread(spot[:, 1].tolist(), LABEL * APART / height, 0.0, 1.0)
    for (name, x, y, colour, strong), where in zip(ends, at, strict=True):
        line = {"arrowstyle": "-", "color": colour, "lw": 0.6, "alpha": 0.4, "shrinkA": 1}
        axes.annotate(
            name,
            (x, y),
            (1 + GAP / width, where),
            textcoords="axes fraction",
            fontsize=LABEL,
            color=colour,
            weight="bold" if strong else "normal",
            va="center",
            annotation_clip=False,
            arrowprops={**line, "shrinkB": 0, "relpos": (0, 0.5)},
            **TEXT,
        )


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places near the wanted ones, in the same order, at least so far apart.

    Neighbours that are too near make a block around the mean of what they want; blocks that then
    are too near become one. Where there is too little room the places run past ``high``.

    Example:
        >>> spread([5.0, 5.0, 9.0], 2.0, 0.0, 10.0)
        [4.0, 6.0, 9.0]
    """
    order = np.argsort(wanted, kind="stable")
    blocks: list[list[int]] = []
    for index in order:
        blocks.append([int(index)])
        while len(blocks) > 1:
            upper, lower = blocks[-1], blocks[-2]
            top = _start(lower, wanted, apart, low, high) + apart * len(lower)
            if top <= _start(upper, wanted, apart, low, high):
                break
            blocks[-2:] = [lower + upper]
    places = [0.0] * len(wanted)
    for block in blocks:
        start = _start(block, wanted, apart, low, high)
        for step, index in enumerate(block):
            places[index] = start + step * apart
    return places


def _start(
    block: Sequence[int], wanted: Sequence[float], apart: float, low: float, high: float
) -> float:
    length = apart * (len(block) - 1)
    start = float(np.mean([wanted[i] for i in block])) - length / 2
    return max(low, min(start, high - length))
