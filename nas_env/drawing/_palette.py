"""The colours of a picture."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

INK = "#1f2733"
MUTED = "#5d6878"
WIRE = "#7c8796"
FAINT = "#c3cad4"
PAPER = "#ffffff"
END_FILL = "#2d3748"

#: Of the lines, by the index of their source; neighbours here are easily told apart.
LINES = (
    "#4a5568",
    "#2468b0",
    "#dd6b10",
    "#12805c",
    "#b0337f",
    "#a07800",
    "#5b4bb5",
    "#0b8ea3",
    "#c23b31",
)

#: Of the boxes: fill and edge.
KINDS = (
    ("#fdeedd", "#dfa76a"),
    ("#e3eefb", "#7fa6d6"),
    ("#e2f4e8", "#7dbd95"),
    ("#f8e6f1", "#d08fb6"),
    ("#f9f3d6", "#c9b25c"),
    ("#e9e6f8", "#9d93d6"),
    ("#dff3f5", "#74b6c0"),
    ("#fbe5e2", "#d99388"),
    ("#ebedf0", "#9aa4b1"),
)


def line_colour(source: int | None) -> str:
    """Return the colour of the output of the vertex with index ``source``."""
    return WIRE if source is None else LINES[source % len(LINES)]


def kind_colours(kinds: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return fill and edge colour of each kind, in the order of first appearance.

    The name of a kind determines its colour, so that it tends to have one colour in all
    pictures; no two of a picture share one while there are enough.

    Example:
        >>> len(set(kind_colours(["convolution", "pooling", "convolution"]).values()))
        2
    """
    places: dict[str, int] = {}
    for kind in dict.fromkeys(kinds):
        place = crc32(kind.encode()) % len(KINDS)
        while len(places) < len(KINDS) and place in places.values():
            place = (place + 1) % len(KINDS)
        places[kind] = place
    return {kind: KINDS[place] for kind, place in places.items()}
