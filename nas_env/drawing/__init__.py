"""Pictures: an architecture as boxes and arrows, and the curve of a search.

The one renderer behind ``render``, the report, the trackers and the documentation. Nothing here
touches pyplot or the process's backend, and matplotlib is imported with the first picture only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nas_env.drawing._layout import LayoutName
from search_spaces import Vertex

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

__all__ = ["draw_curve", "draw_graph", "save", "suitable_layout", "text_graph", "to_rgb"]


def draw_graph(
    vertices: Sequence[Vertex],
    title: str = "",
    notes: Sequence[str] = (),
    *,
    slots: int | None = None,
    layout: LayoutName = "auto",
) -> Figure:
    """Draw an architecture.

    As a chain it is a tower of boxes; what skips ahead runs down a rail beside it, in its source's
    colour, and each tap on a rail names what is read there. As layers, boxes stand by their depth.

    Args:
        vertices: In topological order, as :meth:`search_spaces.SearchSpace.graph` gives them.
        title: One line above.
        notes: Lines below; long ones are wrapped.
        slots: How many vertices to reserve room for, so that all pictures of a growing
            architecture have one size; in a chain no box changes its place, and outputs stand at
            the bottom from the start. Notes then get four lines.
        layout: How to arrange the boxes. ``"auto"`` takes what :func:`suitable_layout` says of
            these vertices; with ``slots``, a chain unless several vertices read nothing. Knowing
            the whole architecture's layout, pass it: the reserved room is then cut to it.

    Raises:
        ValueError: If there are more vertices than slots, or one stands before its parents.

    Example:
        >>> figure = draw_graph([Vertex("image", "", "input")], title="A start", slots=6)
        >>> to_rgb(figure).shape == to_rgb(draw_graph([], slots=6)).shape
        True
    """
    from nas_env.drawing import _picture

    return _picture.draw(vertices, title, notes, slots, layout)


def suitable_layout(vertices: Sequence[Vertex]) -> Literal["chain", "layers"]:
    """The layout in which a whole architecture reads best.

    Layers where several vertices read nothing, as the inputs of a cell, or where a graph is
    broader than it is long; else a chain.

    Example:
        >>> suitable_layout([Vertex("x", "", "input"), Vertex("h", "", "input")])
        'layers'
    """
    from nas_env.drawing import _picture

    return _picture.suitable(vertices)


def text_graph(vertices: Sequence[Vertex], title: str = "", notes: Sequence[str] = ()) -> str:
    """Write an architecture as plain text: a line per vertex, with what it reads.

    Example:
        >>> image = Vertex("image", "", "input")
        >>> print(text_graph([image, Vertex("1", "3x3, 36", "convolution", (0,))], "One layer"))
        One layer
          image
              1  3x3, 36  <- image
    """
    from nas_env.drawing import _text

    return _text.write(vertices, title, notes)


def draw_curve(
    rewards: Sequence[float],
    control: Sequence[float] | None = None,
    label: str = "reinforce",
    control_label: str = "random search",
) -> Figure:
    """Draw how a search went: each child's reward, their running mean, the best so far.

    Args:
        rewards: Of the children in their order; those that are not finite are left out.
        control: The same of another search, drawn beneath in another colour.
        label: What the search is called in the legend.
        control_label: What the control is called.

    Example:
        >>> to_rgb(draw_curve([0.1, float("nan"), 0.4])).shape
        (464, 720, 3)
    """
    from nas_env.drawing import _curve

    searches = [(label, rewards)]
    return _curve.draw(searches if control is None else [*searches, (control_label, control)])


def to_rgb(figure: Figure) -> np.ndarray:
    """The pixels of a figure: uint8 (height, width, 3), both a multiple of 16."""
    from nas_env.drawing import _files

    return _files.pixels(figure)


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Save a figure as PNG or SVG, whole or not at all; equal figures give equal bytes.

    Raises:
        ValueError: If the path ends in neither ``.png`` nor ``.svg``.
    """
    from nas_env.drawing import _files

    _files.write(figure, Path(path))
