"""Checkpoints of a search: the state of its agent, and what the search itself remembers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from nas_env.run.states import forget_states_after, read_state, write_state

FORM = {"episodes": int, "values": dict, "search": dict}
KEPT = 3  # checkpoints; the last may have been cut off, the one before is whole
_LOG = logging.getLogger(__name__)


@dataclass
class Checkpoint:
    """The state of a search between two advances.

    Attributes:
        episodes: Number of finished episodes.
        tensors: Tensors of the agent's state.
        values: JSON values of the agent's state.
        search: JSON values that the search itself remembers.
    """

    episodes: int
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    search: Mapping[str, Any] = field(default_factory=dict)


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, then delete all but the last three; a kill always leaves a whole one."""
    folder.mkdir(exist_ok=True)
    values = {
        "episodes": checkpoint.episodes,
        "values": checkpoint.values,
        "search": checkpoint.search,
    }
    write_state(folder, checkpoint.episodes, checkpoint.tensors, values, kept=KEPT)


def read_checkpoint(folder: Path, *, tell: bool = False) -> Checkpoint | None:
    """Return the newest whole checkpoint of a folder; None if there is none.

    Args:
        folder: Folder of the checkpoints.
        tell: Whether a line says so where one is damaged.
    """
    found = read_state(folder, FORM, tell=tell)
    if found is None:
        if tell and any(folder.glob("*.json")):
            line = "%s: no checkpoint is whole; playing again from child 1, as the store answers"
            _LOG.warning(line, folder)
        return None
    episodes, values, search = (found.values[name] for name in FORM)
    return Checkpoint(episodes, found.tensors, values, search)


def forget_checkpoints_after(folder: Path, episodes: int) -> None:
    """Delete the checkpoints of a folder that are of more episodes than so many."""
    forget_states_after(folder, episodes)
