"""The drawings of architectures, as pictures that stand in the page itself."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from nas_env import drawing
from search_spaces import Vertex


class Drawn(NamedTuple):
    """A picture for a page.

    Attributes:
        address: The picture itself, as a ``data:`` address.
        text: The words for a reader who does not see it.
    """

    address: str
    text: str


def drawn(vertices: Sequence[Vertex], title: str) -> Drawn:
    """Return the drawing of an architecture, and the same in words.

    Args:
        vertices: Boxes of the architecture.
        title: What it is, for the words.
    """
    svg = drawing.to_svg(drawing.draw_graph(vertices))
    return Drawn(_address("image/svg+xml", svg.encode()), drawing.text_graph(vertices, title))


def embedded(path: Path) -> str:
    """Return an SVG or PNG file as a ``data:`` address; an SVG in it can run nothing."""
    kind = {".svg": "image/svg+xml", ".png": "image/png"}[path.suffix]
    return _address(kind, path.read_bytes())


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
