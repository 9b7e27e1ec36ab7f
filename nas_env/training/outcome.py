"""What all training engines share: the outcome, the precision, the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from nas_env.training.recipe import ChildRecipe


@dataclass
class Training:
    """What came of training one child.

    Attributes:
        curves: A number per finished epoch, by name.
        diverged: Training stopped there, since the loss was no use any more.
        reason: Why, where it diverged.
        seconds: Spent in ``"train"`` and in ``"validate"``.
    """

    curves: dict[str, list[float]] = field(default_factory=dict)
    diverged: bool = False
    reason: str = "the loss was not finite"
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """How many were finished, validation included."""
        return min(map(len, self.curves.values()), default=0)


def autocast(recipe: ChildRecipe, device: torch.device) -> torch.autocast:
    """The precision that a recipe asks for."""
    dtype = recipe.autocast
    return torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None)


@contextmanager
def timed(result: Training, part: str) -> Iterator[None]:
    """Add the block's seconds to a part's."""
    start = time.perf_counter()
    yield
    result.seconds[part] = result.seconds.get(part, 0.0) + time.perf_counter() - start
