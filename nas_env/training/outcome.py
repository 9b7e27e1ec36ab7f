"""The common parts of training engines: outcome, progress reports, precision, clock."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from nas_env.training.precision import fast_bfloat16
from nas_env.training.recipe import ChildRecipe


class Progress(NamedTuple):
    """The progress of a child's training.

    Attributes:
        epoch: Epochs that are finished, validation included.
        epochs: Epochs of the whole training.
        values: The last value of each curve; empty before the first epoch is finished.
    """

    epoch: int
    epochs: int
    values: Mapping[str, float]


#: What an engine calls when training begins and after each epoch.
Report = Callable[[Progress], None]


def unheard(progress: Progress) -> None:
    """Report to nobody."""


class _Clock(NamedTuple):
    part: str
    since: float  # by time.perf_counter
    cpu_since: float  # by time.process_time


@dataclass
class Training:
    """The outcome of training one child.

    Attributes:
        curves: A number for each finished epoch, by name.
        diverged: Whether training stopped after the last of them because it diverged.
        reason: Why it diverged, where it did.
        seconds: Seconds spent in ``"train"`` and in ``"validate"``.
        tested: What was measured once on the test split, by name; empty for a search.
        cpu_seconds: Seconds of all cores that this process spent in both.
    """

    curves: dict[str, list[float]] = field(default_factory=dict)
    diverged: bool = False
    reason: str = "the loss was not finite"
    seconds: dict[str, float] = field(default_factory=dict)
    tested: dict[str, float] = field(default_factory=dict)
    cpu_seconds: float = 0.0

    _clock: _Clock | None = field(default=None, repr=False, compare=False)

    @property
    def epochs(self) -> int:
        """Number of epochs that were finished, validation included."""
        return min(map(len, self.curves.values()), default=0)

    def progress(self, epochs: int) -> Progress:
        """Return how far training has come, of that many epochs."""
        values = {name: curve[-1] for name, curve in self.curves.items() if curve}
        return Progress(self.epochs, epochs, values)

    def start(self, part: str | None) -> None:
        """Count what was spent up to now, and time a part from here on; None times nothing."""
        now, cpu = time.perf_counter(), time.process_time()
        if self._clock is not None:
            timed, since, cpu_since = self._clock
            self.seconds[timed] = self.seconds.get(timed, 0.0) + now - since
            self.cpu_seconds += cpu - cpu_since
        self._clock = None if part is None else _Clock(part, now, cpu)

    def spent(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: curves and seconds up to now, as JSON values."""
        self.start(None if self._clock is None else self._clock.part)
        kept = {"curves": self.curves, "seconds": self.seconds, "cpu_seconds": self.cpu_seconds}
        return copy.deepcopy(kept)

    def load_spent(self, values: Mapping[str, Any]) -> None:
        """Continue what :meth:`spent` returned."""
        values = copy.deepcopy(dict(values))
        self.curves, self.seconds = values["curves"], values["seconds"]
        self.cpu_seconds = values["cpu_seconds"]


def autocast(recipe: ChildRecipe, device: torch.device) -> torch.autocast:
    """The precision that a recipe asks for."""
    dtype = recipe.autocast
    return torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None)


@contextmanager
def recurrent_autocast(recipe: ChildRecipe, device: torch.device) -> Iterator[None]:
    """Compute in the precision that a recipe asks for, with an LSTM of torch where oneDNN has none.

    On a CPU without instructions for bfloat16 oneDNN's raises.
    """
    with autocast(recipe, device), _without_onednn(recipe, device):
        yield


@contextmanager
def _without_onednn(recipe: ChildRecipe, device: torch.device) -> Iterator[None]:
    """Switch oneDNN off, for the whole process, where it cannot compute a recipe's LSTM."""
    if device.type != "cpu" or recipe.autocast is None or fast_bfloat16("cpu"):
        yield
        return
    library: Any = torch.backends.mkldnn
    before, library.enabled = library.enabled, False
    try:
        yield
    finally:
        library.enabled = before


@contextmanager
def timed(result: Training, part: str) -> Iterator[None]:
    """Add the seconds that the block takes to those of a part."""
    result.start(part)
    yield
    result.start(None)
