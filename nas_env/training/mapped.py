"""Pixels of a mapped file: what was read of it need not stay mapped."""

from __future__ import annotations

import mmap

import numpy as np

MOST = 2**20  # bytes that are read before pages are let go of: a batch or a few


class Pages:
    """The pages of a file that this process has mapped, which it lets go of from time to time.

    They stay in the system's memory as long as there is room, and come back without being read
    from the disk. Otherwise each process would soon have the whole file mapped, since the system
    maps the neighbours of a page that is touched too: from 64 kB to 2 MB for an image.

    Args:
        pixels: A map that is read-only.
    """

    def __init__(self, pixels: np.memmap):
        if not isinstance(pixels.base, mmap.mmap) or pixels.flags.writeable:
            raise ValueError("the pixels are no whole map that is read-only")
        self._map, self._read = pixels.base, 0

    def count(self, size: int) -> None:
        """Count bytes that were read; let go of all pages after ``MOST`` of them."""
        self._read += size
        if self._read >= MOST:
            self._map.madvise(mmap.MADV_DONTNEED)
            self._read = 0
