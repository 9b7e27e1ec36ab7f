"""Draws an unfinished or finished episode as a picture or a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from nas_env import drawing
from search_spaces import SearchSpace, Vertex


def frame(
    space: SearchSpace,
    tokens: Sequence[int],
    length: int,
    result: str | None,
    *,
    as_text: bool,
) -> Any:
    """Draw the architecture so far.

    Args:
        space: Search space of the episode.
        tokens: Tokens taken so far.
        length: Number of decisions of the whole episode, whose frames all have the same size.
        result: Result of a finished episode in one line; None if there is none.
        as_text: Return lines of text instead of uint8 (height, width, 3).
    """
    if as_text:
        vertices, title, notes = _told(space, tokens, length, result)
        return drawing.text_graph(vertices, title, notes)
    return drawing.to_rgb(picture(space, tokens, length, result))


def picture(
    space: SearchSpace, tokens: Sequence[int], length: int, result: str | None
) -> drawing.Drawing:
    """Draw the architecture so far; see :func:`frame`."""
    vertices, title, notes = _told(space, tokens, length, result)
    slots, layout = _room(space, length)
    slots = max(slots, len(vertices))
    return drawing.draw_graph(vertices, title, notes, slots=slots, layout=layout)


def _room(space: SearchSpace, length: int) -> tuple[int, Literal["chain", "layers"]]:
    """Return room and layout of all frames of an episode: those of its possible ends.

    The ends are those with the first and with the last open option of every decision.
    """
    tokens = np.zeros((2, length), dtype=np.int64)
    for index in range(length):
        mask = space.open_mask(tokens[:, :index])
        last = mask.shape[1] - 1 - np.argmax(mask[1, ::-1])
        tokens[:, index] = np.argmax(mask[0]), last
    ends = [space.graph(space.decode(end.tolist())) for end in tokens]
    return max(map(len, ends)), drawing.suitable_layout(ends[1])


def _told(
    space: SearchSpace, tokens: Sequence[int], length: int, result: str | None
) -> tuple[tuple[Vertex, ...], str, list[str]]:
    """Return the boxes, the title, and notes: pending choices, the next decision, the result."""
    vertices, used = space.graph_prefix(tokens)
    notes = [
        f"{space.decisions[i].name}: {space.decisions[i].options[tokens[i]]}"
        for i in range(used, len(tokens))
    ]
    if len(tokens) < length:
        notes = [*notes[-2:], f"next: {space.decisions[len(tokens)].name}"]
    elif result is not None:
        notes = [result]
    return vertices, f"decision {len(tokens)} of {length}", notes
