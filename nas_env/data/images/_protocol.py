"""The protocol of reading: the settings, what was found, and the form it is brought to."""

from __future__ import annotations

import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from nas_env.errors import InvalidValue

#: Splits by their number; those of the first are still to be divided.
SPLITS = ("", "train", "validation", "test")
#: The longest side in pixels that images are brought to unless a size is set.
DEFAULT_SIDE = 32
#: The shortest and the longest side that images can be brought to.
SIDES = (8, 512)

Told = Callable[[int], None]


@dataclass(frozen=True)
class Reading:
    """The settings by which images are read: plain JSON values.

    Attributes:
        path: Folder, ``.npz``, ``.npy`` or ``.csv``; made absolute.
        layout: Where the channels of arrays stand.
        size: Longer side in pixels, or height and width; None for the images' own size, reduced so
            that the longer side is at most ``DEFAULT_SIDE``.
        fit: The way in which an image of another shape than the target's is fitted.
        range: Numbers that stand for black and white, where pixels are not bytes.
        columns: Columns of a ``.csv``: file, label and, if there is one, split.
        classes: Classes that are used, in this order; all if none is named.
        skip_broken: Whether images that cannot be used are left out.
    """

    path: str
    layout: Literal["auto", "channels-first", "channels-last"] = "auto"
    size: int | tuple[int, ...] | None = None
    fit: Literal["crop", "stretch", "pad"] = "crop"
    range: tuple[float, ...] = ()
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    skip_broken: bool = False

    def __post_init__(self) -> None:
        if not self.path:
            raise InvalidValue(
                "no data is given: --task.path names a folder, an .npz, an .npy or a .csv"
            )
        object.__setattr__(self, "path", os.path.abspath(os.path.expanduser(self.path)))
        self._check_size()
        self._check_range()
        if self.columns and len(self.columns) not in (2, 3):
            raise InvalidValue(
                f"columns are {' '.join(self.columns)}, expected --task.columns FILE LABEL or "
                "FILE LABEL SPLIT"
            )
        self._check_classes()

    def _check_size(self) -> None:
        sides = () if self.size is None else self.size
        sides = (sides,) if isinstance(sides, int) else tuple(sides)
        low, high = SIDES
        if len(sides) > 2 or not all(low <= side <= high for side in sides) or self.size == ():
            raise InvalidValue(
                f"size is {' '.join(map(str, sides)) or 'empty'}, expected --task.size SIDE or "
                f"HEIGHT WIDTH, each from {low} to {high} pixels"
            )

    def _check_range(self) -> None:
        if not self.range:
            return
        whole = len(self.range) == 2 and all(map(math.isfinite, self.range))
        if not whole or self.range[0] == self.range[1]:
            given = " ".join(f"{value:g}" for value in self.range)
            raise InvalidValue(
                f"range is {given}, expected --task.range LOW HIGH: the numbers that stand for "
                "black and white"
            )

    def _check_classes(self) -> None:
        if twice := [name for name in self.classes if self.classes.count(name) > 1]:
            raise InvalidValue(f"--task.classes names {twice[0]!r} twice, expected each class once")
        if len(self.classes) == 1:
            raise InvalidValue(
                f"--task.classes names {self.classes[0]!r} alone, expected at least two classes"
            )


@dataclass(frozen=True)
class Form:
    """The form that all images are brought to.

    Attributes:
        channels: 1 for grey, 3 for colour.
        height: Height in pixels.
        width: Width in pixels.
        notes: What was taken for what, and what is done to the images, in a few words each.
        range: The numbers that stand for black and white, where pixels are not bytes.
    """

    channels: int
    height: int
    width: int
    notes: tuple[str, ...] = ()
    range: tuple[float, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """The outcome of reading the pixels.

    Attributes:
        broken: Reason for each row that cannot be used; its pixels are zero.
        notes: What was done to some of the images, with their number.
    """

    broken: Mapping[int, str]
    notes: tuple[str, ...] = ()


class NotInForm(Exception):
    """An image has colour in a set that was taken for grey: ask for the form with colour."""


class Found(ABC):
    """Images that were found: their classes are known, their pixels are not yet read.

    Attributes:
        classes: Names of the classes.
        labels: The class of each image: int64 (n,).
        splits: The split of each image: uint8 (n,), an index of ``SPLITS``.
        fingerprint: Hexadecimal SHA-256 of the names, sizes and times of the source's files in
            their order; it changes whenever one of them does.
        notes: What a person should know of what was found, a line each.
        skipped: Reason for each file that cannot be used, known without reading it; no row has it.
    """

    classes: tuple[str, ...]
    labels: np.ndarray
    splits: np.ndarray
    fingerprint: str
    notes: tuple[str, ...]
    skipped: Mapping[str, str]

    @abstractmethod
    def name(self, row: int) -> str:
        """Return the name of an image for messages: its path in the folder, or array and index."""

    @abstractmethod
    def form(self, *, colour: bool = False) -> Form:
        """Return the form that suits the images, by the headers of at most 1,000 of them.

        Args:
            colour: Whether some are known to have colour.

        Raises:
            DataInvalid: If it is ambiguous or unfit; one line says what settles it.
        """

    @abstractmethod
    def read_into(self, file: Path, form: Form, told: Told) -> Outcome:
        """Read all images into a new file: raw uint8 (n, height, width, channels).

        Args:
            file: File that is made.
            form: What they are brought to.
            told: A function that is called with the number of images read since its last call.

        Raises:
            NotInForm: If one has colour in a set that was taken for grey.
            DataInvalid: If the reading cannot be completed.
        """
