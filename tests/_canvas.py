"""Which texts of a picture leave its canvas."""

from matplotlib.axis import Axis
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
