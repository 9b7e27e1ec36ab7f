"""Pixels of a mapped file: what was read of it need not stay mapped."""

from __future__ import annotations

import math
import mmap

import numpy as np
import torch
from torch import Tensor

PART = 2**18  # bytes that are read before their pages are let go of


class Pages:
    """The pages of a file that this process has mapped, which it lets go of once they are read.

    They stay in the system's memory as long as there is room, and come back without being read
    from the disk. Otherwise each process would soon have the whole file mapped, since the system
    maps the neighbours of a page that is touched too: from 64 kB to 2 MB for an image.

    Args:
        pixels: A map that is read-only.
    """

    def __init__(self, pixels: np.memmap):
        if not isinstance(pixels.base, mmap.mmap) or pixels.flags.writeable:
            raise ValueError("the pixels are no whole map that is read-only")
        self._map = pixels.base

    def read(self, images: Tensor, rows: Tensor) -> Tensor:
        """Return a copy of some rows of images, a tensor over the map."""
        shape = images.shape[1:]
        count = max(1, PART // math.prod(shape))
        found = images.new_empty((len(rows), *shape))
        for part, into in zip(rows.split(count), found.split(count), strict=True):
            torch.index_select(images, 0, part, out=into)
            self._map.madvise(mmap.MADV_DONTNEED)
        return found
