"""The common part of the data that engines train on."""

from __future__ import annotations

from typing import Protocol, Self

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
