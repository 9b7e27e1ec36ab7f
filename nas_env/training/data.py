"""The common part of the data that engines train on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, Self

import torch


class TrainingData(Protocol):
    """The part of a task that a search may see: what to train on, and what to validate by."""

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of training and of validation examples: images or symbols."""
        ...

    def part(self, train: int, validation: int) -> Self:
        """Return the first examples of each split."""
        ...

    def to(self, device: torch.device) -> Self:
        """Return the same data on a device."""
        ...


class FinalData(TrainingData, Protocol):
    """The data of a final training: what to train on, and from :meth:`tested_on` the test split."""

    def tested_on(self, test: Any) -> Self:
        """Return the same training examples, with a test split where validation was."""
        ...


#: Gives an engine the data with its test split. The engine calls it once, after the last step of
#: the last epoch; a child that diverged is not tested.
Tested = Callable[[], Any]
