"""The size that images are brought to, by the settings and the sizes that they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nas_env.data._telling import shown, sides
from nas_env.data.images._protocol import DEFAULT_SIDE, SIDES, Reading
from nas_env.errors import InvalidValue

FITS = {"crop": "cropped in the middle", "stretch": "stretched", "pad": "padded with black"}


@dataclass(frozen=True)
class Sizes:
    """Heights and widths of images; one each where all are equal."""

    heights: Sequence[int]
    widths: Sequence[int]

    @cached_property
    def median(self) -> tuple[float, float]:
        """The median height and the median width, those of all where all are equal."""
        return float(np.median(self.heights)), float(np.median(self.widths))

    @cached_property
    def equal(self) -> bool:
        """Answers whether all images have one size."""
        return len({*zip(self.heights, self.widths, strict=True)}) == 1

    def __str__(self) -> str:
        least, most = (min(self.heights), min(self.widths)), (max(self.heights), max(self.widths))
        return sides(*least) if self.equal else f"{sides(*least)} to {sides(*most)}"


def chosen_size(reading: Reading, sizes: Sizes) -> tuple[int, int, tuple[str, ...]]:
    """Return the height and width that images are brought to, and notes that say so.

    Raises:
        InvalidValue: If they would be too small or too large; the message has the option.
    """
    height, width = _target(reading, sizes)
    low, high = SIDES
    if not all(low <= side <= high for side in (height, width)):
        raise InvalidValue(
            f"the images of {shown(reading.path)} ({sizes}) would become {sides(height, width)}, "
            f"expected sides of {low} to {high} pixels: set --task.size HEIGHT WIDTH"
        )
    return height, width, _notes(reading, sizes, height, width)


def _target(reading: Reading, sizes: Sizes) -> tuple[int, int]:
    if isinstance(reading.size, tuple) and len(reading.size) == 2:
        return reading.size[0], reading.size[1]
    height, width = sizes.median
    longer = max(height, width)
    if reading.size is None:
        side = min(longer, DEFAULT_SIDE)
    else:
        side = reading.size if isinstance(reading.size, int) else reading.size[0]
    return round(height * side / longer), round(width * side / longer)


def _notes(reading: Reading, sizes: Sizes, height: int, width: int) -> tuple[str, ...]:
    if sizes.equal and sizes.median == (height, width):
        return ()
    across, down = sizes.median[0] / height, sizes.median[1] / width
    how = "by area" if max(across, down) > 1 else "by interpolation"
    more = f" and {FITS[reading.fit]}" if not sizes.equal or abs(across / down - 1) > 0.02 else ""
    larger = max(sizes.median) > max(height, width) and reading.size is None
    hint = " (--task.size for more)" if larger else ""
    return (f"{sizes} resized {how}{more}{hint}",)
