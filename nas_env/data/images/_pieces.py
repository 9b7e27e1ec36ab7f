"""The images of one split in an array: those that are used, and how low and high they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nas_env.data.images._layout import Layout
from nas_env.data.images._members import Member
from nas_env.errors import DataInvalid

SAMPLE = 1_000  # images whose numbers tell the range of all


@dataclass(frozen=True)
class Piece:
    """The images of one split.

    Attributes:
        split: Number of the split.
        images: Array of images.
        layout: Axes of the array.
        rows: Indices of the images that are used.
    """

    split: int
    images: Member
    layout: Layout
    rows: np.ndarray

    def used(self) -> Iterator[np.ndarray]:
        """Yield the images that are used, some at a time."""
        first = 0
        for images in self.images.chunks():
            start, end = np.searchsorted(self.rows, (first, first + len(images)))
            rows = self.rows[start:end] - first
            first += len(images)
            if len(rows):
                yield images if len(rows) == len(images) else images[rows]

    def extremes(self) -> tuple[float, float]:
        """Return the lowest and the highest finite number of some images.

        Of bytes the first are looked at, else images that are evenly spaced.

        Raises:
            DataInvalid: If none is finite.
        """
        found: list[tuple[float, float]] = []
        bytes_ = self.images.dtype == np.uint8
        step = 1 if bytes_ else max(1, len(self.rows) // SAMPLE)
        seen = 0
        for images in self.used():
            values = images[-seen % step :: step]
            seen += len(images)
            values = values[np.isfinite(values)]
            if len(values):
                found.append((float(values.min()), float(values.max())))
            if bytes_ and seen >= SAMPLE:
                break
        if not found:
            raise DataInvalid(f"{self.images} are NaN or infinite alone, expected numbers")
        lows, highs = zip(*found, strict=True)
        return min(lows), max(highs)
