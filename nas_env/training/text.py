"""Texts as numbers on the device, cut into columns for truncated back-propagation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class LanguageData:
    """The part of a language task that a search may see.

    Attributes:
        train: Numbers of the training text's symbols, in their order: whole numbers (n,), int64
            or shorter ones, which may lie in a file that is mapped.
        validation: Numbers of the validation text's symbols: the same (k,).
        vocabulary: Number of different symbols: words or characters.
        margins: Whether the margin of the validation loss is measured beside it.
    """

    train: Tensor
    validation: Tensor
    vocabulary: int
    margins: bool = False

    def to(self, device: torch.device) -> LanguageData:
        """Return the same data on a device."""
        return replace(self, train=self.train.to(device), validation=self.validation.to(device))

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of training and of validation symbols."""
        return len(self.train), len(self.validation)

    def part(self, train: int, validation: int) -> LanguageData:
        """Return the first symbols of each split."""
        return replace(self, train=self.train[:train], validation=self.validation[:validation])

    def joined(self) -> LanguageData:
        """Return the training text followed by the validation text, and none to validate by."""
        whole = torch.cat((self.train, self.validation))
        return replace(self, train=whole, validation=self.validation[:0])

    def tested_on(self, test: Tensor) -> LanguageData:
        """Return the same training text, with a test text where validation was."""
        return replace(self, validation=test.to(self.train.device))


def columns(text: Tensor, count: int) -> Tensor:
    """Cut a text into pieces of equal length, one a column: (n,) -> (n // count, count), a view.

    Example:
        >>> columns(torch.arange(7), 2).tolist()
        [[0, 3], [1, 4], [2, 5]]
    """
    count = min(count, max(1, len(text) // 2))  # a column has at least one symbol to guess
    return text[: len(text) // count * count].view(count, -1).t()


@dataclass(frozen=True)
class Stretches:
    """The stretches of a cut text, each read when it is asked for: a pair of inputs and targets.

    Attributes:
        cut: The text in columns.
        steps: Rows of a stretch; the last may be shorter.
        count: Number of stretches.
    """

    cut: Tensor
    steps: int
    count: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if not 0 <= index < self.count:
            raise IndexError(index)
        start = index * self.steps
        end = min(start + self.steps, len(self.cut) - 1)
        rows = self.cut[start : end + 1].contiguous().long()
        return rows[:-1], rows[1:]

    def whole(self) -> Stretches:
        """Return the stretches without a shorter last one, unless it is the only one."""
        return replace(self, count=max(1, (len(self.cut) - 1) // self.steps))


def stretches(cut: Tensor, steps: int) -> Stretches:
    """Return each stretch of ``steps`` rows with the rows to be guessed; the last may be shorter.

    Example:
        >>> [(x.tolist(), y.tolist()) for x, y in stretches(columns(torch.arange(4), 1), 2)]
        [([[0], [1]], [[1], [2]]), ([[2]], [[3]])]
    """
    return Stretches(cut, steps, -(-(len(cut) - 1) // steps))


def detached(state: Any) -> Any:
    """Return a state, a tensor or nested tuples of them, without its history of gradients."""
    return state.detach() if isinstance(state, Tensor) else tuple(map(detached, state))


def leaves(state: Any) -> list[Tensor]:
    """Return the tensors of a state, a tensor or nested tuples of them, in order."""
    return [state] if isinstance(state, Tensor) else [x for part in state for x in leaves(part)]


def with_leaves(state: Any, values: Iterator[Tensor]) -> Any:
    """Return a state of the same form and device whose tensors are the next of some values.

    Example:
        >>> form = (torch.zeros(1), (torch.zeros(1), torch.zeros(2)))
        >>> [each.tolist() for each in leaves(with_leaves(form, iter(torch.eye(3))))][:2]
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    if isinstance(state, Tensor):
        return next(values).to(state.device)
    return tuple(with_leaves(part, values) for part in state)
