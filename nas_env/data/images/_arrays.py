"""Images in arrays: the form that suits them, and their pixels, chunk by chunk."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from nas_env.data._telling import shown
from nas_env.data.images import decode
from nas_env.data.images._files import allot
from nas_env.data.images._labels import chosen, numbered, texts
from nas_env.data.images._layout import Layout, layout_of
from nas_env.data.images._members import Member
from nas_env.data.images._names import pairs
from nas_env.data.images._pieces import Piece
from nas_env.data.images._protocol import Form, Found, Outcome, Reading, Told
from nas_env.data.images._sizes import Sizes, chosen_size
from nas_env.data.images._values import span
from nas_env.data.images._walk import Sources
from nas_env.errors import DataInvalid, InvalidValue

LABELS = 2**30  # bytes of the labels, which are read at once


@dataclass
class ArraysFound(Found):
    """Images that are arrays.

    Attributes:
        reading: Settings by which they were found.
        pieces: Images of each split.
    """

    reading: Reading
    pieces: Sequence[Piece]
    classes: tuple[str, ...]
    labels: np.ndarray
    splits: np.ndarray
    fingerprint: str
    notes: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    def name(self, row: int) -> str:
        """Return the array and the index of an image."""
        for piece in self.pieces:
            if row < len(piece.rows):
                file = shown(os.path.basename(piece.images.file))
                return f"{piece.images.name}[{piece.rows[row]}] of {file}"
            row -= len(piece.rows)
        raise IndexError(row)

    def form(self, *, colour: bool = False) -> Form:
        """Return the form that suits the images, by the headers and the numbers of some."""
        layouts = [piece.layout for piece in self.pieces]
        height, width, notes = chosen_size(
            self.reading, Sizes([each.height for each in layouts], [each.width for each in layouts])
        )
        if layouts[0].channels == 4:
            notes = ("transparency over white", *notes)
        if self._range:
            notes = (*notes, "values {:g} to {:g} as black to white".format(*self._range))
        channels = 1 if layouts[0].channels == 1 else 3
        return Form(channels, height, width, (layouts[0].note, *notes), self._range)

    def read_into(self, file: Path, form: Form, told: Told) -> Outcome:
        """Read all images into a new file."""
        shape = (len(self.labels), form.height, form.width, form.channels)
        allot(file, int(np.prod(shape)))
        pixels = np.memmap(file, np.uint8, "r+", shape=shape)
        broken: dict[int, str] = {}
        row = 0
        for piece in self.pieces:
            for images in piece.used():
                wrong = self._write(piece.layout.arranged(images), pixels[row:], form)
                broken.update({row + index: reason for index, reason in wrong.items()})
                row += len(images)
                told(len(images))
        return Outcome(broken)

    def _write(self, images: np.ndarray, pixels: np.ndarray, form: Form) -> dict[int, str]:
        """Write images (n, height, width, channels) into the first rows of pixels."""
        wrong = _unfit(images, form.range, bool(self.reading.range)) if form.range else {}
        if images.dtype == bool:
            images = images.astype(np.uint8) * np.uint8(255)
        elif form.range:
            if wrong:
                images = images.copy()
                images[list(wrong)] = form.range[0]
            images = decode.to_bytes(images, *form.range)
        if images.shape[1:] == pixels.shape[1:]:
            pixels[: len(images)] = images
        else:
            for index, image in enumerate(images):
                pixels[index] = self._fitted(image, form)
        for index in wrong:
            pixels[index] = 0
        return wrong

    def _fitted(self, image: np.ndarray, form: Form) -> np.ndarray:
        channels = image.shape[-1]
        whole = Image.fromarray(np.ascontiguousarray(image[..., 0] if channels == 1 else image))
        if channels == 4:
            whole = decode.over_white(whole).convert("RGB")
        fitted = decode.fitted(whole, form.height, form.width, self.reading.fit)
        return np.asarray(fitted).reshape(form.height, form.width, form.channels)

    @cached_property
    def _range(self) -> tuple[float, ...]:
        """The numbers of black and white; empty if pixels are bytes."""
        images = self.pieces[0].images
        if images.dtype == bool and self.reading.range:
            raise InvalidValue(
                f"--task.range is given, but {images} are true and false: leave it out"
            )
        if images.dtype == bool or (self.reading.range and images.dtype != np.uint8):
            return self.reading.range
        extremes = [piece.extremes() for piece in self.pieces]
        low, high = min(low for low, _ in extremes), max(high for _, high in extremes)
        if self.reading.range and high > max(self.reading.range):
            found = f"{images} are bytes up to {high:g}"
            raise InvalidValue(f"--task.range is given, but {found}: leave it out")
        if self.reading.range or (images.dtype == np.uint8 and high > 1):
            return self.reading.range
        return span(str(images), low, high, images.dtype.kind in "ui")


def find_arrays(reading: Reading) -> ArraysFound:
    """Find the images of an .npz or of .npy files.

    Raises:
        DataNotFound: If a file is missing.
        DataInvalid: If they are no images in classes.
        UnknownName: If a class is wanted that is not there.
    """
    found, members = [], []
    for split, images, member in pairs(reading.path):
        labels = texts(str(member), _labels(member))
        found.append((split, images, layout_of(images, reading, len(labels)), labels))
        members += [images, member]
    _check_alike([(images, layout) for _, images, layout, _ in found])
    names = np.concatenate([labels for *_, labels in found])
    classes = chosen(reading.path, {*names.tolist()}, reading.classes)
    used = [np.flatnonzero(np.isin(labels, classes)) for *_, labels in found]
    pieces = [Piece(split, images, layout, rows)
              for (split, images, layout, _), rows in zip(found, used, strict=True)]  # fmt: skip
    numbers = numbered(names.tolist(), classes)
    return ArraysFound(
        reading,
        pieces,
        classes,
        numbers[numbers >= 0],
        np.concatenate([np.full(len(piece.rows), piece.split, np.uint8) for piece in pieces]),
        _fingerprint(members),
    )


def _labels(member: Member) -> np.ndarray:
    if member.dtype.hasobject:
        raise DataInvalid(
            f"{member} are Python objects, which are not unpickled, expected whole numbers or "
            "texts: convert them by .astype(str)"
        )
    size = math.prod(member.shape) * member.dtype.itemsize
    if size > LABELS:
        raise DataInvalid(f"{member} are {size:,} bytes, expected at most {LABELS:,}")
    return member.whole()


def _check_alike(found: Sequence[tuple[Member, Layout]]) -> None:
    """Check that the splits' images have channels of one number and numbers of one type."""
    (first, layout), *others = found
    for images, other in others:
        if images.dtype != first.dtype or other.channels != layout.channels:
            raise DataInvalid(f"{images} are {images.form}, {first} {first.form}, expected alike")


def _unfit(images: np.ndarray, range: Sequence[float], clip: bool) -> dict[int, str]:
    """Return the reasons for the images whose numbers cannot be used, by index."""
    flat = images.reshape(len(images), -1)
    slack = decode.slack(*range)
    low, high = flat.min(1), flat.max(1)
    fine = np.isfinite(low) & np.isfinite(high)
    if not clip:
        fine &= (low >= min(range) - slack) & (high <= max(range) + slack)
    return {int(row): decode.unfit(images[row], range, clip) for row in np.flatnonzero(~fine)}


def _fingerprint(members: Sequence[Member]) -> str:
    sources = Sources()
    for file in sorted({member.file for member in members}):
        sources.append(os.path.basename(file), os.stat(file))
    return sources.fingerprint(range(len(sources.paths)))
