"""The axes of an array of images: where its channels stand, and what it is if not images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nas_env.data.images._members import Member
from nas_env.data.images._protocol import Reading
from nas_env.errors import DataInvalid

CHANNELS = (1, 3, 4)
EXPECTED = "images, height, width and perhaps channels, of which there are 1, 3 or 4"


@dataclass(frozen=True)
class Layout:
    """The axes of an array of images.

    Attributes:
        axis: Axis of the channels; 0 if there is none.
        channels: Number of channels.
        height: Height in pixels.
        width: Width in pixels.
    """

    axis: int
    channels: int
    height: int
    width: int

    @property
    def note(self) -> str:
        """A few words for a person."""
        return ("no axis of channels", "channels first", "", "channels last")[self.axis]

    def arranged(self, images: np.ndarray) -> np.ndarray:
        """Return a view of images with the channels last: (n, height, width, channels)."""
        return images[..., None] if not self.axis else np.moveaxis(images, self.axis, -1)


def layout_of(images: Member, reading: Reading, labels: int) -> Layout:
    """Return the axes of an array of images.

    Args:
        images: Array.
        reading: Settings.
        labels: Number of labels.

    Raises:
        DataInvalid: If it has no images, or its axes are ambiguous; the message has the option
            that settles it.
    """
    shape = images.shape
    if images.dtype.kind not in "buif":
        _refuse(images, "numbers")
    if len(shape) not in (3, 4):
        _refuse(images, EXPECTED, _advice(shape))
    if shape[0] != labels:
        last = f"; put the images first by np.moveaxis({images.name}, -1, 0)"
        hint = last if shape[-1] == labels else ""
        raise DataInvalid(
            f"{images} are {shape[0]:,}, its labels {labels:,}, expected as many of both{hint}"
        )
    if 0 in shape:
        _refuse(images, "at least one image with pixels")
    if len(shape) == 3:
        return Layout(0, 1, *shape[1:])
    axis = _axis(images, reading.layout)
    height, width = shape[2:] if axis == 1 else shape[1:3]
    return Layout(axis, shape[axis], height, width)


def _axis(images: Member, layout: str) -> int:
    """Return the axis of the channels."""
    axes = {"channels-first": (1,), "channels-last": (3,), "auto": (1, 3)}[layout]
    possible = [axis for axis in axes if images.shape[axis] in CHANNELS]
    if len(possible) == 2:
        raise DataInvalid(
            f"{images} are {images.form}, in which axis 1 or axis 3 may be the channels: set "
            "--task.layout channels-first or channels-last"
        )
    if not possible:
        where = "" if layout == "auto" else f", {layout.replace('-', ' ')}"
        _refuse(images, EXPECTED + where)
    return possible[0]


def _advice(shape: tuple[int, ...]) -> str:
    if len(shape) != 2:
        return ""
    for channels in (1, 3):
        side = math.isqrt(shape[1] // channels)
        if side >= 8 and side * side * channels == shape[1]:
            axes = f"{side}, {side}" if channels == 1 else f"{channels}, {side}, {side}"
            return f"; are they flat, give them as images.reshape(-1, {axes})"
    return "; are they flat, give them as images.reshape(-1, height, width)"


def _refuse(images: Member, expected: str, advice: str = "") -> None:
    raise DataInvalid(f"{images} are {images.form}, expected {expected}{advice}")
