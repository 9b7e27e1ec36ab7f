"""An episode as it is designed: as a film, or as a strip of its moments."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import numpy as np

from nas_env import drawing
from nas_env.env._frames import frame, picture
from search_spaces import SearchSpace

MOST = 60  # pictures of a film; of a longer episode some moments are left out


def save_film(
    space: SearchSpace,
    tokens: Sequence[int],
    path: str | os.PathLike[str],
    result: str | None = None,
) -> None:
    """Save an episode as an animated GIF, with a picture for each decision.

    The pictures are those of the environment's ``render_mode="rgb_array"``.

    Args:
        space: Search space of the episode.
        tokens: Tokens of the whole episode.
        path: The file, which ends in ``.gif``.
        result: Result of the episode in one line, which the last picture shows.
    """
    drawing.save_film(_frames(space, tokens, result), path)


def draw_strip(
    space: SearchSpace,
    tokens: Sequence[int],
    pictures: int = 5,
    title: str = "",
    result: str | None = None,
    columns: int = 0,
) -> drawing.Drawing:
    """Draw some moments of an episode side by side.

    Args:
        space: Search space of the episode.
        tokens: Tokens of the whole episode.
        pictures: Number of moments at most; the last is the end.
        title: One line above them.
        result: Result of the episode in one line, which the last picture shows.
        columns: Number of pictures in a row; 0 for all.

    Example:
        >>> from search_spaces import make_space
        >>> space = make_space({"name": "convolutional", "layers": 4})
        >>> strip = draw_strip(space, [0] * space.length(), pictures=3)
        >>> drawing.to_rgb(strip).shape
        (512, 1296, 3)
    """
    length = len(tokens)
    moments = _some(_changes(space, tokens), pictures)
    drawings = [
        picture(space, tokens[:moment], length, result if moment == length else None)
        for moment in moments
    ]
    return drawing.draw_strip(drawings, title, columns)


def _frames(space: SearchSpace, tokens: Sequence[int], result: str | None) -> Iterator[np.ndarray]:
    """Yield the pictures of a film; the end is always one."""
    length = len(tokens)
    for moment in _some(range(length + 1), MOST):
        told = result if moment == length else None
        yield frame(space, tokens[:moment], length, told, as_text=False)


def _changes(space: SearchSpace, tokens: Sequence[int]) -> list[int]:
    """Return the numbers of decisions after which the drawing is another, and the end."""
    found: dict[int, int] = {}
    for moment in range(len(tokens) + 1):
        found.setdefault(space.graph_prefix(tokens[:moment])[1], moment)
    return sorted({*found.values(), len(tokens)})


def _some(moments: Sequence[int], most: int) -> list[int]:
    """Return at most so many moments, evenly, with the last.

    Example:
        >>> _some(range(34), 4)
        [0, 11, 22, 33]
    """
    if len(moments) <= most:
        return list(moments)
    last = len(moments) - 1
    places = [round(last * n / max(most - 1, 1)) for n in range(most)] if most > 1 else [last]
    return [moments[place] for place in places]
