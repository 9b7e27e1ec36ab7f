"""Rows of images that lie in memory or in a map: none is read before it is asked for."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nas_env.training.mapped import Pages
from nas_env.training.pixels import filled

PIECE = 2**22  # bytes of the images that are changed or copied at once, about


def shared(pixels: np.ndarray) -> Tensor:
    """Return a tensor over an array's own memory, which may be a read-only map.

    Torch warns that such a tensor must not be written to; the engine never does.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(pixels)


@dataclass(frozen=True)
class Rows:
    """Some rows of images, none of which is read before it is asked for.

    Attributes:
        images: uint8 (n, height, width, channels).
        rows: The chosen rows, int64 (k,); None for all.
        pages: The pages of the map that the images lie in, if they do.
    """

    images: Tensor
    rows: Tensor | None = None
    pages: Pages | None = None

    def __len__(self) -> int:
        return len(self.images if self.rows is None else self.rows)

    def at(self, index: Tensor) -> Tensor:
        """Return the images at some indices among the chosen ones."""
        return self._read(index if self.rows is None else self.rows[index])

    def first(self, count: int) -> Rows:
        """Return the first of them."""
        if self.rows is None:
            return Rows(self.images[:count], None, self.pages)
        return Rows(self.images, self.rows[:count], self.pages)

    def batches(self, size: int) -> Iterator[Tensor]:
        """Yield them in order, so many at a time."""
        if self.rows is None:
            yield from self.images.split(size)
        else:
            yield from map(self._read, self.rows.split(size))

    def pieces(self) -> Iterator[Tensor]:
        """Yield them in order, as many at a time as take little memory."""
        yield from self.batches(max(1, PIECE // math.prod(self.images.shape[1:])))

    def to(self, device: torch.device) -> Rows:
        """Return them on a device; on another than theirs the chosen ones alone, as a tensor."""
        if device == self.images.device:
            return self
        shape = (len(self), *self.images.shape[1:])
        return Rows(filled(torch.empty(shape, dtype=torch.uint8, device=device), self.pieces()))

    def _read(self, rows: Tensor) -> Tensor:
        if self.pages is None:
            return self.images[rows]
        return self.pages.read(self.images, rows)
