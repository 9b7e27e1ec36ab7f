"""Texts as numbers on the device, cut into columns for truncated back-propagation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class LanguageData:
    """The part of a task that a search may see.

    Attributes:
        train: Token numbers in their order, int64 (n,).
        validation: The same, int64 (k,).
        types: How many different tokens there may be.
    """

    train: Tensor
    validation: Tensor
    types: int

    def to(self, device: torch.device) -> LanguageData:
        """The same on a device."""
        return LanguageData(self.train.to(device), self.validation.to(device), self.types)


def columns(tokens: Tensor, count: int) -> Tensor:
    """A text cut into pieces of equal length, one a column: (n,) -> (n // count, count).

    Example:
        >>> columns(torch.arange(7), 2).tolist()
        [[0, 3], [1, 4], [2, 5]]
    """
    count = min(count, max(1, len(tokens) // 2))  # a column has at least one token to guess
    return tokens[: len(tokens) // count * count].view(count, -1).t().contiguous()


def stretches(cut: Tensor, steps: int) -> list[tuple[Tensor, Tensor]]:
    """Each stretch of ``steps`` rows, the last may be shorter, and the rows to be guessed.

    Example:
        >>> [(x.tolist(), y.tolist()) for x, y in stretches(columns(torch.arange(4), 1), 2)]
        [([[0], [1]], [[1], [2]]), ([[2]], [[3]])]
    """
    return list(zip(cut[:-1].split(steps), cut[1:].split(steps), strict=True))


def detached(state: Any) -> Any:
    """A state, a tensor or nested tuples of them, through which no gradient goes back."""
    return state.detach() if isinstance(state, Tensor) else tuple(map(detached, state))
