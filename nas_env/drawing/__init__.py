"""Pictures: an architecture as boxes and arrows, the curve of a search, two orders of networks.

The one renderer behind ``render``, the report, the trackers and the documentation. Nothing here
touches pyplot or the process's backend, and matplotlib is imported with the first picture only.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from nas_env.drawing._dots import Dot
from nas_env.drawing._layout import LayoutName
from search_spaces import Vertex

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from nas_env.drawing._canvas import Drawing as Drawing

__all__ = [
    "Dot",
    "draw_curve",
    "draw_graph",
    "draw_order",
    "draw_shares",
    "draw_strip",
    "save",
    "save_both",
    "save_film",
    "suitable_layout",
    "text_graph",
    "to_rgb",
    "to_svg",
]


def draw_graph(
    vertices: Sequence[Vertex],
    title: str = "",
    notes: Sequence[str] = (),
    *,
    slots: int | None = None,
    layout: LayoutName = "auto",
) -> Drawing:
    """Draw an architecture.

    A chain is drawn as a tower of boxes. Skip connections run along rails beside it, in the colour
    of their source, and each tap on a rail names what is read there. Shapes and parameters stand in
    columns beside it, if the vertices have them. In layers, boxes are arranged by depth.

    Args:
        vertices: Vertices in topological order, from :meth:`search_spaces.SearchSpace.graph` or
            :meth:`~search_spaces.SearchSpace.sized_graph`.
        title: One line above the drawing.
        notes: Lines below the drawing; long ones are wrapped.
        slots: Number of vertices to reserve room for, so that all pictures of a growing
            architecture have the same size. In a chain no box then changes its place, and outputs
            are at the bottom from the start. Notes get four lines.
        layout: Arrangement of the boxes. ``"auto"`` is the result of :func:`suitable_layout` for
            these vertices; with ``slots``, it is a chain unless several vertices read nothing. If
            the whole architecture's layout is known, pass it, to reserve only as much room as
            it needs.

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
    """Return the layout in which a whole architecture is easiest to read.

    These are layers if several vertices read nothing, as the inputs of a cell. Otherwise it is a
    chain if all names are short, as numbers of layers are; or if the graph is longer than broad,
    and no skip connection leaves a box whose name is too long for its taps.

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
        rewards: Rewards of the children in order; those that are not finite are left out.
        control: Rewards of another search, drawn beneath in another colour.
        label: Name of the search in the legend.
        control_label: Name of the control in the legend.

    Example:
        >>> to_rgb(draw_curve([0.1, float("nan"), 0.4])).shape
        (464, 720, 3)
    """
    from nas_env.drawing import _curve

    searches = [(label, rewards)]
    return _curve.draw(searches if control is None else [*searches, (control_label, control)])


def draw_order(
    dots: Sequence[Dot],
    top: int,
    labels: tuple[str, str],
    notes: Sequence[str] = (),
    *,
    rising: bool = True,
) -> Figure:
    """Draw two scores of the same networks: one across, the other upwards, better ones outwards.

    Args:
        dots: Networks.
        top: Number of the best of each order.
        labels: What the first and the second score are.
        notes: Lines below the drawing; long ones are wrapped, five lines at most.
        rising: Whether more is better; otherwise both axes run the other way.

    Example:
        >>> dot = Dot("child 1", 0.8, 0.9, (True, True))
        >>> to_rgb(draw_order([dot], 1, ("in the search", "in the end"))).shape
        (608, 720, 3)
    """
    from nas_env.drawing import _order

    return _order.draw(dots, top, labels, rising, notes)


def draw_shares(
    shares: np.ndarray,
    rows: Sequence[str],
    favourites: Sequence[str],
    numbers: Sequence[int],
    title: str = "",
) -> Figure:
    """Draw how often each decision took one option, as colours over the course of a search.

    Args:
        shares: Shares from 0 to 1, (decisions, windows of children); NaN where there is none.
        rows: Names of the decisions, on the left.
        favourites: What each share is of, on the right.
        numbers: Number of the last child of each window.
        title: One line above the drawing.

    Example:
        >>> import numpy as np
        >>> shares = np.array([[0.3, 0.9], [0.5, np.nan]])
        >>> figure = draw_shares(shares, ["height", "skip"], ["3", "yes"], [10, 20])
        >>> to_rgb(figure).dtype
        dtype('uint8')
    """
    from nas_env.drawing import _shares

    return _shares.draw(shares, rows, favourites, numbers, title)


def draw_strip(drawings: Sequence[Drawing], title: str = "", columns: int = 0) -> Drawing:
    """Draw drawings side by side, as the pictures of a film.

    Args:
        drawings: Drawings from :func:`draw_graph`, at least one.
        title: One line above them.
        columns: Number of drawings in a row; 0 for all.

    Example:
        >>> figures = [draw_graph([Vertex("image", "", "input")], slots=3) for _ in range(2)]
        >>> to_rgb(draw_strip(figures)).shape[1] == 2 * to_rgb(figures[0]).shape[1]
        True
    """
    from nas_env.drawing import _strip

    return _strip.draw(drawings, title, columns)


def to_rgb(figure: Figure) -> np.ndarray:
    """Return the pixels of a figure: uint8 (height, width, 3), both a multiple of 16."""
    from nas_env.drawing import _files

    return _files.pixels(figure)


def to_svg(figure: Figure) -> str:
    """Return a figure as the text of an SVG file; equal figures give equal texts.

    That of :func:`draw_graph` is small, and has nothing that clashes with others in one page.

    Example:
        >>> to_svg(draw_graph([Vertex("image", "", "input")], "A start"))[:37]
        '<svg xmlns="http://www.w3.org/2000/sv'
    """
    from nas_env.drawing import _files

    return _files.vector(figure)


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Save a figure as PNG or SVG, whole or not at all; equal figures give equal bytes.

    Raises:
        ValueError: If the path ends in neither ``.png`` nor ``.svg``.
        NASError: If it cannot be written.
    """
    from nas_env.drawing import _files

    _files.write(figure, Path(path))


def save_both(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Save a figure as PNG, and as SVG beside it, each whole or not at all.

    Raises:
        ValueError: If the path does not end in ``.png``.
        NASError: If one cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"cannot save pictures as {path.name!r}, expected .png")
    save(figure, path)
    save(figure, path.with_suffix(".svg"))


def save_film(
    frames: Iterable[np.ndarray], path: str | os.PathLike[str], seconds: float = 0.4
) -> None:
    """Save pictures of one size as an animated GIF, whole or not at all.

    Args:
        frames: Pictures, uint8 (height, width, 3), at least one; see :func:`to_rgb`.
        path: The file.
        seconds: Time that each is shown; the last one is shown six times as long.

    Raises:
        ValueError: If the path does not end in ``.gif``.
    """
    from nas_env.drawing import _film

    _film.write(frames, Path(path), seconds)
