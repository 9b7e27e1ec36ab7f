"""The colours of a picture, and the style of each line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from zlib import crc32

INK = "#1f2733"
MUTED = "#5d6878"
WIRE = "#8a94a3"
FAINT = "#c3cad4"
PAPER = "#ffffff"
END_FILL = "#2d3748"

#: Of the lines: white is readable on each, and those that follow each other are far apart.
LINES = (
    "#3f4a5c",  # slate: the first is most often an input
    "#2468b0",  # blue
    "#c2570c",  # orange
    "#12805c",  # green
    "#b0337f",  # magenta
    "#8f6a00",  # gold
    "#5b4bb5",  # violet
    "#0b7f92",  # teal
    "#c8102e",  # red
    "#567b00",  # leaf
    "#7b4b33",  # brown
    "#8e35c0",  # purple
    "#0d5a24",  # pine
    "#d30aae",  # orchid
    "#1d1f9c",  # navy
    "#5a3207",  # bark
    "#7f6ca6",  # mauve
    "#7a0c2e",  # wine
    "#3f56f0",  # royal blue
    "#5e1272",  # plum
)
DASH, GAP, DOT = 4.0, 1.3, 1.1  # in widths of the line

#: Of the boxes: fill and edge.
KINDS = (
    ("#ebedf0", "#9aa4b1"),  # grey
    ("#fdeedd", "#dfa76a"),  # orange
    ("#f8e6f1", "#d08fb6"),  # pink
    ("#e3eefb", "#7fa6d6"),  # blue
    ("#f9f3d6", "#c9b25c"),  # yellow
    ("#e9e6f8", "#9d93d6"),  # violet
    ("#fbe5e2", "#d99388"),  # red
    ("#dff3f5", "#74b6c0"),  # teal
    ("#e2f4e8", "#7dbd95"),  # green
)
SALT = "86982"  # with it the kinds of each space that ships have colours of their own


class LineStyle(NamedTuple):
    """Look of a line.

    Attributes:
        colour: Colour of the line.
        dashes: Lengths of dashes and gaps by turns, in widths of the line; none if it is solid.
    """

    colour: str
    dashes: tuple[float, ...] = ()


def line_style(source: int | None) -> LineStyle:
    """Return the style of the output of the vertex with index ``source``, which no other has.

    When all colours are used, they are used again with dashes, then with a dot between the dashes,
    two dots, and so on.

    Example:
        >>> len({line_style(source) for source in range(300)})
        300
    """
    if source is None:
        return LineStyle(WIRE)
    turn, place = divmod(source, len(LINES))
    dashes = (DASH, GAP, *(DOT, GAP) * (turn - 1)) if turn else ()
    return LineStyle(LINES[place], dashes)


def kind_colours(kinds: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return fill and edge colour of each kind, in the order of first appearance.

    The name of a kind determines its colour, so that it has one colour in all pictures of a space
    that ships, and tends to in others; no two of a picture share one while there are enough.

    Example:
        >>> len(set(kind_colours(["convolution", "pooling", "convolution"]).values()))
        2
    """
    places: dict[str, int] = {}
    for kind in dict.fromkeys(kinds):
        place = crc32((kind + SALT).encode()) % len(KINDS)
        while len(places) < len(KINDS) and place in places.values():
            place = (place + 1) % len(KINDS)
        places[kind] = place
    return {kind: KINDS[place] for kind, place in places.items()}
