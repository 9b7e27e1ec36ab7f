"""Images that are files: the form that suits them, and their pixels by processes where many."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from nas_env.data import _decoders, decode
from nas_env.data._protocol import Form, Found, NotInForm, Outcome, Reading, Told
from nas_env.data._sizes import Sizes, chosen_size
from nas_env.data._telling import broken_images, counted, shown
from nas_env.data._values import span
from nas_env.errors import DataInvalid, InvalidValue

SAMPLE = 1_000  # images whose headers tell the form of all
MANY = 2_000  # images from which on processes decode
STEP = 64  # images between two calls of who is told


@dataclass
class FilesFound(Found):
    """Images that are files in a folder.

    Attributes:
        reading: Settings by which they were found.
        folder: Folder that the paths start from.
        paths: Path of each image.
    """

    reading: Reading
    folder: str
    paths: list[str]
    classes: tuple[str, ...]
    labels: np.ndarray
    splits: np.ndarray
    fingerprint: str
    notes: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    def name(self, row: int) -> str:
        """Return the path of an image in the folder."""
        return self.paths[row]

    def form(self, *, colour: bool = False) -> Form:
        """Return the form that suits the images, by the headers of some."""
        headers = self._headers
        channels = 3 if colour or any(header.colour for header in headers) else 1
        sizes = Sizes([header.height for header in headers], [header.width for header in headers])
        height, width, notes = chosen_size(self.reading, sizes)
        black_and_white = self._span([header for header in headers if header.deep])
        if black_and_white:
            notes += ("values {:g} to {:g} as black to white".format(*black_and_white),)
        return Form(channels, height, width, notes, black_and_white)

    def read_into(self, file: Path, form: Form, told: Told) -> Outcome:
        """Read all images into a new file."""
        allot(file, len(self.paths) * form.height * form.width * form.channels)
        fit, clip = self.reading.fit, bool(self.reading.range)
        target = decode.Target(form.channels, form.height, form.width, fit, form.range, clip)
        whole = decode.Part()
        with closing(self._parts(file, target)) as parts:  # however it ends, no process is left
            for part in parts:
                if part.coloured:
                    raise NotInForm
                told(part.read)
                whole.broken.update(part.broken)
                whole.turned += part.turned
                whole.blended += part.blended
        return Outcome(dict(sorted(whole.broken.items())), _notes(whole))

    def _parts(self, file: Path, target: decode.Target) -> Generator[decode.Part]:
        if len(self.paths) >= MANY:
            cores = _decoders.cores()
            yield from _decoders.decoded(self.folder, self.paths, file, target, cores)
            return
        shape = (len(self.paths), target.height, target.width, target.channels)
        pixels = np.memmap(file, np.uint8, "r+", shape=shape)
        for row in range(0, len(self.paths), STEP):
            paths = [os.path.join(self.folder, path) for path in self.paths[row : row + STEP]]
            yield decode.read(row, paths, pixels, target)

    @cached_property
    def _headers(self) -> list[_Header]:
        """The headers of evenly spaced images, without the broken ones."""
        rows = np.unique(np.linspace(0, len(self.paths) - 1, SAMPLE).astype(int)).tolist()
        headers, broken = [], {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's own about sizes and EXIF
            for row in rows:
                try:
                    headers.append(_header(os.path.join(self.folder, self.paths[row])))
                except decode.Broken as reason:
                    broken[self.paths[row]] = str(reason)
        if not headers:
            raise broken_images(self.reading.path, broken)
        return headers

    def _span(self, deep: Sequence[_Header]) -> tuple[float, ...]:
        """Return what is black and what is white in images of 16 bits, integers or floats."""
        if self.reading.range and not deep:
            raise InvalidValue(
                f"--task.range is given, but the pixels of {shown(self.reading.path)} are bytes: "
                "leave it out"
            )
        if self.reading.range or not deep:
            return self.reading.range
        found, broken = [], {}
        for header in deep:
            try:
                found.append(header.extremes())
            except decode.Broken as reason:
                broken[header.path] = str(reason)
        if not found:
            raise broken_images(self.reading.path, broken)
        lows, highs, whole = zip(*found, strict=True)
        return span(f"{shown(self.reading.path)}: pixels", min(lows), max(highs), all(whole))


@dataclass(frozen=True)
class _Header:
    """The header of a file."""

    path: str
    height: int
    width: int
    colour: bool
    deep: bool

    def extremes(self) -> tuple[float, float, bool]:
        """Read the pixels: the lowest and highest finite value, and whether they are integers.

        Raises:
            Broken: If they cannot be read, or none is finite.
        """
        with decode.opened(self.path) as image:
            values = np.asarray(image)
            finite = values[np.isfinite(values)]
            if not finite.size:
                raise decode.Broken("all values are NaN or infinite")
        return float(finite.min()), float(finite.max()), values.dtype.kind in "ui"


def _header(path: str) -> _Header:
    with decode.opened(path) as image:
        height, width = decode.shape(image)
        colour = image.mode not in decode.GREY
        return _Header(path, height, width, colour, image.mode[0] in "IF")


def allot(file: Path, size: int) -> None:
    """Make a file of zeros that has its room on the disk, since a map of one without it crashes.

    Raises:
        DataInvalid: If there is not enough.
    """
    try:
        with open(file, "xb") as made:
            if sys.platform == "linux":
                os.posix_fallocate(made.fileno(), 0, size)
            for _ in range(0 if sys.platform == "linux" else size >> 20):
                made.write(bytes(2**20))
            made.truncate(size)
    except OSError as error:
        room = f"{size / 2**20:,.0f} MiB"
        raise DataInvalid(f"{file} cannot be written, {room}: {error.strerror}") from error


def _notes(whole: decode.Part) -> tuple[str, ...]:
    turned = f"{counted(whole.turned, 'image')} turned by EXIF"
    blended = f"{counted(whole.blended, 'image')} with transparency over white"
    done = {turned: whole.turned, blended: whole.blended}
    return tuple(note for note, number in done.items() if number)
