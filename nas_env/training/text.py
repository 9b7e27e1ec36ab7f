"""Texts as numbers on the device, cut into columns for truncated back-propagation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class LanguageData:
    """The part of a language task that a search may see.

    Attributes:
        train: Numbers of the training text's symbols, in their order: int64 (n,).
        validation: Numbers of the validation text's symbols: int64 (k,).
        vocabulary: Number of different symbols: words or characters.
    """

    train: Tensor
    validation: Tensor
    vocabulary: int

    def to(self, device: torch.device) -> LanguageData:
        """Return the same data on a device."""
        return LanguageData(self.train.to(device), self.validation.to(device), self.vocabulary)

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of training and of validation symbols."""
        return len(self.train), len(self.validation)

    def part(self, train: int, validation: int) -> LanguageData:
        """Return the first symbols of each split."""
        return LanguageData(self.train[:train], self.validation[:validation], self.vocabulary)


def columns(text: Tensor, count: int) -> Tensor:
    """Cut a text into pieces of equal length, one a column: (n,) -> (n // count, count).

    Example:
        >>> columns(torch.arange(7), 2).tolist()
        [[0, 3], [1, 4], [2, 5]]
    """
    count = min(count, max(1, len(text) // 2))  # a column has at least one symbol to guess
    return text[: len(text) // count * count].view(count, -1).t().contiguous()


def stretches(cut: Tensor, steps: int) -> list[tuple[Tensor, Tensor]]:
    """Return each stretch of ``steps`` rows with the rows to be guessed; the last may be shorter.

    Example:
        >>> [(x.tolist(), y.tolist()) for x, y in stretches(columns(torch.arange(4), 1), 2)]
        [([[0], [1]], [[1], [2]]), ([[2]], [[3]])]
    """
    return list(zip(cut[:-1].split(steps), cut[1:].split(steps), strict=True))


def detached(state: Any) -> Any:
    """Return a state, a tensor or nested tuples of them, without its history of gradients."""
    return state.detach() if isinstance(state, Tensor) else tuple(map(detached, state))
