"""A canvas of a given size in inches, measured from the upper left corner."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.path import Path

from nas_env.drawing._palette import INK, PAPER
from nas_env.drawing._type import DPI, FAMILY

STEP = 16  # pixels: video encoders want sides that are multiples of this


class Canvas:
    """Collects shapes and texts, scaled and shifted as a whole, into a figure."""

    def __init__(self, width: float, height: float):
        self.width, self.height = (math.ceil(s * DPI / STEP) * STEP / DPI for s in (width, height))
        self.figure = Figure(figsize=(self.width, self.height), dpi=DPI, facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, self.width)
        self.axes.set_ylim(self.height, 0)
        self.layers = 0

    def shapes(self, paths: Sequence[Path], **style: Any) -> None:
        """Paint shapes over everything painted before."""
        self.layers += 1
        if paths:
            style = {"facecolors": "none", "edgecolors": "none", **style}
            shapes = PathCollection(paths, zorder=self.layers, **style)
            self.axes.add_collection(shapes, autolim=False)

    def text(self, x: float, y: float, text: str, size: float, **style: Any) -> None:
        """Write one line; ``size`` in points."""
        style = {"color": INK, "va": "center_baseline", **style}
        self.layers += 1
        self.axes.text(
            x, y, text, fontsize=size, family=FAMILY, parse_math=False, zorder=self.layers, **style
        )

    def lines(self, x: float, y: float, texts: Iterable[str], size: float, **style: Any) -> None:
        """Write lines below each other; ``y`` is the middle of the first."""
        for number, text in enumerate(texts):
            self.text(x, y + number * size * 1.45 / 72, text, size, **style)
