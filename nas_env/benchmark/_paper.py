"""The common style of the pictures: colours of agents, axes, labels that keep apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zlib import crc32

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from agents import agent_names
from nas_env.drawing._labels import spread
from nas_env.drawing._palette import FAINT, INK, LINES, MUTED, PAPER
from nas_env.drawing._type import DPI, FAMILY, shorten, width_of

CONTROL_COLOUR = "#4a5568"
#: Colours of the agents by their place in the catalogue, so that an agent keeps its colour.
COLOURS = (*LINES[1:], "#6f8f1f", "#8a4b2a", "#d4578f", "#3f5f8f", "#2f9e6e", "#9467bd")
LABEL = 8.0  # points
APART = 1.3  # distance of two labels, in their own height
GAP = 16.0  # points between the axes and the labels
EDGE = 0.1  # inches between a text and the edge of the picture
LONGEST = 2.6  # inches that a label may take; a longer one ends with an ellipsis
TITLE, SMALL_PRINT = 10.5, 8.0  # points
TEXT: dict[str, Any] = {"family": FAMILY, "parse_math": False}


def colours_of(labels: Mapping[str, str], control: str | None) -> dict[str, str]:
    """Return the colour of each label: that of its agent, or a free one for a second preset.

    Args:
        labels: The name of the agent by label.
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
    """Make a figure and its axes.

    Args:
        width: Inches.
        height: Inches.
        box: Left, bottom, right and top margin, in inches.
    """
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    left, bottom, right, top = box
    size = ((width - left - right) / width, (height - bottom - top) / height)
    return figure, figure.add_axes((left / width, bottom / height, *size))


def fitted(label: str) -> str:
    """Return a label, shortened to the room that a label may take."""
    return shorten(label, LABEL, LONGEST, bold=True)


def margin(labels: Iterable[str], gap: float = GAP) -> float:
    """Return the inches that labels need beside the axes, ``gap`` points away from them."""
    widest = max(width_of(fitted(label), LABEL, bold=True) for label in labels)
    return gap / 72 + widest + EDGE


def dress(axes: Axes, x: str, y: str, *, grid: str = "both") -> None:
    """Set the style of axes and grid, whatever a user's matplotlibrc says."""
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
    """Write a title at the left, and a line of small print below it."""
    place = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
    assert axes.figure is not None
    room = axes.figure.get_figure(root=True).get_figwidth() * (1 - axes.get_position().x0) - EDGE
    text, below = shorten(text, TITLE, room, bold=True), shorten(below, SMALL_PRINT, room)
    bold: dict[str, Any] = {"fontsize": TITLE, "color": INK, "weight": "bold", **TEXT}
    axes.annotate(text, (0, 1), (0, 22), **place, **bold)
    axes.annotate(below, (0, 1), (0, 9), **place, fontsize=SMALL_PRINT, color=MUTED, **TEXT)


def label_ends(axes: Axes, ends: Sequence[tuple[str, float, float, str, bool]]) -> None:
    """Write the name of each curve beside its end, with a thin line that leads to it.

    Args:
        axes: The axes; their limits are already set.
        ends: Name, x and y of the end, colour, and whether it is emphasised, for each curve.
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
            fitted(name),
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
