"""The common parts of training engines: outcome, progress reports, precision, clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

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


@dataclass
class Training:
    """The outcome of training one child.

    Attributes:
        curves: A number for each finished epoch, by name.
        diverged: Whether training stopped after the last of them because it diverged.
        reason: Why it diverged, where it did.
        seconds: Seconds spent in ``"train"`` and in ``"validate"``.
        tested: What was measured once on the test split, by name; empty for a search.
    """

    curves: dict[str, list[float]] = field(default_factory=dict)
    diverged: bool = False
    reason: str = "the loss was not finite"
    seconds: dict[str, float] = field(default_factory=dict)
    tested: dict[str, float] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """Number of epochs that were finished, validation included."""
        return min(map(len, self.curves.values()), default=0)

    def progress(self, epochs: int) -> Progress:
        """Return how far training has come, of that many epochs."""
        values = {name: curve[-1] for name, curve in self.curves.items() if curve}
        return Progress(self.epochs, epochs, values)


def autocast(recipe: ChildRecipe, device: torch.device) -> torch.autocast:
    """The precision that a recipe asks for."""
    dtype = recipe.autocast
    return torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None)


@contextmanager
def timed(result: Training, part: str) -> Iterator[None]:
    """Add the seconds that the block takes to those of a part."""
    start = time.perf_counter()
    yield
    result.seconds[part] = result.seconds.get(part, 0.0) + time.perf_counter() - start
