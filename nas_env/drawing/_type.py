"""Typesetting: the width of a text, and shortening or wrapping one that is too wide."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

FAMILY = "DejaVu Sans"  # ships with matplotlib: the same picture on every machine
ELLIPSIS = "…"
DPI = 100  # of a picture on a screen


@lru_cache(maxsize=4096)
def width_of(text: str, size: float, bold: bool = False) -> float:
    """Return the width of one line of text in inches; ``size`` is in points.

    On a screen letters begin at whole parts of a pixel, which can make a line wider than its
    outlines are: the wider of the two counts.
    """
    screen = _screen().get_text_width_height_descent(text, _font(size, bold), ismath=False)[0]
    return max(outline_width(text, size, bold), screen / DPI)


@lru_cache(maxsize=4096)
def outline_width(text: str, size: float, bold: bool = False) -> float:
    """Return the width of the outlines of one line of text in inches."""
    font = _font(size, bold)
    return TextToPath().get_text_width_height_descent(text, font, ismath=False)[0] / 72


def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family=FAMILY, weight="bold" if bold else "normal", size=size)


@lru_cache(maxsize=1)
def _screen() -> RendererAgg:
    return RendererAgg(1, 1, DPI)


def shorten(text: str, size: float, room: float, bold: bool = False) -> str:
    """Cut a text with an ellipsis if it is wider than ``room`` inches."""
    if width_of(text, size, bold) <= room:
        return text
    lengths = range(1, len(text))
    fits = bisect_right(lengths, room, key=lambda n: width_of(text[:n] + ELLIPSIS, size, bold))
    return text[:fits].rstrip(f" ,{ELLIPSIS}") + ELLIPSIS


def wrap(text: str, size: float, room: float) -> list[str]:
    """Break a text between words into lines of at most ``room`` inches."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".lstrip()
            if line and width_of(longer, size) > room:
                lines.append(line)
                longer = word
            line = shorten(longer, size, room)
        lines.append(line)
    return lines


def first_lines(texts: Sequence[str], size: float, room: float, most: int | None) -> list[str]:
    """Wrap texts, and replace all lines after the first ``most`` by an ellipsis."""
    lines = [line for text in texts for line in wrap(text, size, room)]
    if most is not None and len(lines) > most:
        lines = [*lines[: most - 1], shorten(lines[most - 1] + ELLIPSIS, size, room)]
    return lines
