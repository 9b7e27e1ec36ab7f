"""Draws an unfinished or finished episode as a picture or a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nas_env import drawing
from nas_env.env._interface import repaired
from search_spaces import SearchSpace


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
    architecture, used = space.decode_prefix(tokens)
    vertices = () if architecture is None else space.graph(architecture)
    title, notes = _captions(space, tokens, used, length, result)
    if as_text:
        return drawing.text_graph(vertices, title, notes)
    # All frames of an episode are laid out as its possible ends, so that their sizes agree.
    firsts = np.zeros((1, length), dtype=np.int64)
    ends = repaired(space, np.concatenate([firsts, firsts + space.max_options - 1]))
    whole = [space.graph(space.decode(end.tolist())) for end in ends]
    slots = max(len(vertices), *map(len, whole))
    figure = drawing.draw_graph(
        vertices, title, notes, slots=slots, layout=drawing.suitable_layout(whole[1])
    )
    return drawing.to_rgb(figure)


def _captions(
    space: SearchSpace,
    tokens: Sequence[int],
    used: int,
    length: int,
    result: str | None,
) -> tuple[str, list[str]]:
    """Return the title, and notes: pending choices, the next decision, the result."""
    notes = [
        f"{space.decisions[i].name}: {space.decisions[i].options[tokens[i]]}"
        for i in range(used, len(tokens))
    ]
    if len(tokens) < length:
        notes = [*notes[-2:], f"next: {space.decisions[len(tokens)].name}"]
    elif result is not None:
        notes = [result]
    return f"decision {len(tokens)} of {length}", notes
