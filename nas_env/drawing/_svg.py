"""Writes a drawing as a small SVG file.

Texts are texts, so that they can be searched and copied. Each has the length that was measured for
it, so that it keeps its room in whatever font a browser has; Verdana is as wide as DejaVu Sans.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from matplotlib.path import Path

from nas_env.drawing._canvas import Drawing
from nas_env.drawing._palette import PAPER
from nas_env.drawing._parts import Shape, Text
from nas_env.drawing._type import outline_width

UNIT = 100  # to the inch
POINT = UNIT / 72
BASELINE = 0.36  # of a letter's size: from its middle down to its foot
FONTS = "DejaVu Sans,Verdana,sans-serif"
ANCHORS = {"center": "middle", "right": "end"}
CODES = {Path.MOVETO: "m", Path.LINETO: "l", Path.CURVE4: "c"}


def write(drawing: Drawing) -> str:
    """Return the SVG of a drawing; equal drawings give equal texts."""
    width, height = (round(side * UNIT) for side in drawing.get_size_inches())
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONTS}" fill="none" role="img"'
        f" aria-label={quoteattr(_printable(drawing.name) or 'a drawing')}>"
    )
    paper = f'<path fill="{PAPER}" d="M0 0h{width}v{height}H0z"/>'
    groups = groupby(drawing.parts, key=_style)
    body = [_group(style, list(parts)) for style, parts in groups]
    return "\n".join([head, paper, *body, "</svg>", ""])


def _style(part: Shape | Text) -> str:
    """Return the attributes that a group of parts has in common."""
    if isinstance(part, Text):
        attributes = {
            "fill": part.colour,
            "font-size": _number(part.size * POINT),
            "font-weight": "bold" if part.bold else "",
            "font-style": "italic" if part.italic else "",
            "text-anchor": ANCHORS.get(part.anchor, ""),
        }
    else:
        edge = part.edge != "none"
        attributes = {
            "fill": part.fill if part.fill != "none" else "",
            "stroke": part.edge if edge else "",
            "stroke-width": _number(part.width * POINT) if edge else "",
            "stroke-dasharray": " ".join(_number(length * POINT) for length in part.dashes),
        }
    return " ".join(f'{name}="{value}"' for name, value in attributes.items() if value)


def _group(style: str, parts: Sequence[Any]) -> str:
    """Return texts in a group, or shapes as one path."""
    if isinstance(parts[0], Text):
        return f"<g {style}>{''.join(map(_text, parts))}</g>"
    return f'<path {style} d="{"".join(_outline(part.path) for part in parts)}"/>'


def _text(part: Text) -> str:
    length = outline_width(part.text, part.size, part.bold) * UNIT
    x, y = part.x * UNIT, part.y * UNIT + BASELINE * part.size * POINT
    place = f'x="{_number(x)}" y="{_number(y)}"'
    return f'<text {place} textLength="{_number(length)}">{escape(_printable(part.text))}</text>'


def _printable(text: str) -> str:
    """Return a text without the characters that XML does not allow."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _outline(path: Path) -> str:
    """Return a path with an absolute start and relative steps, each letter once in a row."""
    return "".join(_steps(path))


def _steps(path: Path) -> Iterator[str]:
    at, last = (0, 0), ""
    for points, code in path.iter_segments(curves=True, simplify=False):
        if code == Path.CLOSEPOLY:
            last = "z"
            yield last
            continue
        places = [(round(x * UNIT * 10), round(y * UNIT * 10)) for x, y in points.reshape(-1, 2)]
        origin = (0, 0) if code == Path.MOVETO else at
        letter = "M" if code == Path.MOVETO else CODES[code]
        yield (letter if letter != last else " ") + _joined(
            [place - start for point in places for place, start in zip(point, origin, strict=True)]
        )
        at, last = places[-1], letter


def _joined(tenths: Sequence[int]) -> str:
    """Return numbers with as few separators as they need."""
    texts = [_number(tenth / 10) for tenth in tenths]
    rest = (text if text.startswith("-") else f" {text}" for text in texts[1:])
    return texts[0] + "".join(rest)


def _number(value: float) -> str:
    """Return a number with one decimal at most, as short as possible.

    Example:
        >>> [_number(value) for value in (0.52, -0.5, 12.0, 0.01)]
        ['.5', '-.5', '12', '0']
    """
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace("0.", ".", 1) if abs(value) < 1 and "." in text else text.replace("-0", "0")
