"""Which texts of a picture leave its canvas, or touch each other."""

from typing import cast

import numpy as np
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


def texts_outside(figure: Figure) -> list[str]:
    """The texts, as they are painted, that the canvas cuts."""
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    boxes = [
        (text.get_text(), text.get_window_extent())
        for text in figure.findobj(Text)
        if isinstance(text, Text) and text.get_visible() and text.get_text()
    ]
    hidden = _beyond_the_axes(figure)
    cut = [
        text for text, box in boxes if min(box.x0, box.y0) < 0 or box.x1 > width or box.y1 > height
    ]
    return [text for text in cut if text not in hidden]


def _beyond_the_axes(figure: Figure) -> set[str]:
    """The labels of ticks that are not painted, since they lie beyond an axis' limits."""
    labels: set[str] = set()
    for axis in figure.findobj(Axis):
        assert isinstance(axis, Axis)
        low, high = sorted(axis.get_view_interval())
        ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
        labels |= {t.label1.get_text() for t in ticks if not low <= t.get_loc() <= high}
    return labels


def texts_amiss(figure: Figure) -> list[tuple[str, ...]]:
    """The texts of a drawing that its canvas cuts, and the pairs that touch; nothing is painted."""
    canvas = cast(FigureCanvasAgg, figure.canvas)
    texts = [text for axes in figure.axes for text in axes.texts]
    boxes = np.array([text.get_window_extent(canvas.get_renderer()).extents for text in texts])
    names = [text.get_text() for text in texts]
    cut = (boxes < 0) | (boxes > np.tile(canvas.get_width_height(), 2))
    x0, y0, x1, y1 = boxes.T[:, :, None]
    apart = (x1 <= x0.T) | (x0 >= x1.T) | (y1 <= y0.T) | (y0 >= y1.T)
    pairs = np.argwhere(np.triu(~apart, 1))
    return [
        *((names[i],) for i in np.flatnonzero(cut.any(axis=1))),
        *((names[one], names[other]) for one, other in pairs),
    ]
