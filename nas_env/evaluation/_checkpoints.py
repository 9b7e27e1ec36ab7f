"""Checkpoints of requested trainings, in files beside the store; the next process reads them."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import torch

from nas_env.errors import NASError
from nas_env.records import Request
from nas_env.run.states import Stored, read_state, write_state
from nas_env.training.checkpoints import NONE, Checkpoints, State, Steps
from nas_env.training.outcome import Training

EVERY = 60.0  # seconds between two checkpoints, where nothing else is wanted
FORMAT = 1  # raised where a state means something else than it did
FORM = {"origin": dict, "steps": dict, "spent": dict}
KEPT = 1  # whole ones
_LOG = logging.getLogger(__name__)


class Place(NamedTuple):
    """The place of the checkpoints of one request; it goes to workers as JSON.

    Attributes:
        folder: Folder, which holds nothing else; None keeps no checkpoints.
        every: Seconds between two of them.
    """

    folder: str | None = None
    every: float = 0.0

    def checkpoints(self, request: Request, pieces: int) -> Checkpoints:
        """Return the checkpoints of a training in so many parts of each batch."""
        if self.folder is None:
            return NONE
        return FileCheckpoints(Path(self.folder) / str(pieces), self.every, request, pieces)

    def written(self) -> set[Path]:
        """Return the checkpoints that lie there; their names tell which one came later."""
        return set() if self.folder is None else set(Path(self.folder).glob("*/*.json"))

    def clear(self) -> None:
        """Remove them; the folder above goes with its last place."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            with suppress(OSError):
                Path(self.folder).parent.rmdir()


NOWHERE = Place()


class FileCheckpoints(Checkpoints):
    """Checkpoints in a folder; a process reads those that an earlier one has left.

    What goes wrong with them harms no training: it is told in a line.

    Args:
        folder: The folder, which is made with the first checkpoint.
        every: Seconds between two of them.
        request: Request of the training.
        pieces: Parts in which each batch is trained; the state depends on them.
    """

    def __init__(self, folder: Path, every: float, request: Request, pieces: int):
        self.folder, self.every, self.number = folder, every, 0
        self.due = time.monotonic() + every
        self.origin = {
            "format": FORMAT,
            "request": request.key,
            "pieces": pieces,
            "torch": torch.__version__,
        }

    def restore(self, steps: Steps, result: Training) -> None:
        """See the base; a checkpoint that does not fit is ignored, with a line."""
        if not any(self.folder.glob("*.json")):
            return
        kept = read_state(self.folder, FORM)
        reason = "is broken" if kept is None else self._unfit(kept, steps)
        if kept is None or reason:
            _LOG.warning("%s: the checkpoint %s: training begins anew", self.folder, reason)
            return
        self.number = kept.number
        steps.load_state(State(kept.tensors, kept.values["steps"]))
        result.load_spent(kept.values["spent"])

    def _unfit(self, kept: Stored, steps: Steps) -> str:
        """Return why a training that has not begun cannot continue from what was kept."""
        origin: Mapping[str, Any] = kept.values["origin"]
        for name, value in self.origin.items():
            if origin.get(name) != value:
                return f"has {name} {origin.get(name)}, expected {value}"
        fresh = steps.state()
        for name, each in fresh.tensors.items():
            other = kept.tensors.get(name)
            if other is None or (other.shape, other.dtype) != (each.shape, each.dtype):
                return f"has no {name} of this training"
        if fresh.values.keys() != kept.values["steps"].keys():
            return "is of another engine"
        return ""

    def keep(self, steps: Steps, result: Training) -> None:
        """See the base; training continues where it cannot be written."""
        if time.monotonic() < self.due:
            return
        state, self.number = steps.state(), self.number + 1
        values = {"origin": self.origin, "steps": state.values, "spent": result.spent()}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_state(self.folder, self.number, state.tensors, values, kept=KEPT)
        except (OSError, NASError) as error:
            _LOG.warning("no checkpoint was written: %s", error)
        self.due = time.monotonic() + self.every
