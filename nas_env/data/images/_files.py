"""Images that are files: the form that suits them, and their pixels by processes where many."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from nas_env.data._telling import counted
from nas_env.data.images import _decoders, decode
from nas_env.data.images._headers import Header, black_and_white, headers_of, upper_bits
from nas_env.data.images._protocol import Form, Found, NotInForm, Outcome, Reading, Told
from nas_env.data.images._sizes import Sizes, chosen_size
from nas_env.errors import DataInvalid
from nas_env.machine import cores

MANY = 2_000  # images from which on processes decode
EACH = 1_000  # images that are worth the start of a process
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
        notes += upper_bits(self.reading, headers)
        if range := black_and_white(self.reading, headers):
            notes += ("values {:g} to {:g} as black to white".format(*range),)
        return Form(channels, height, width, notes, range)

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

    @cached_property
    def _headers(self) -> list[Header]:
        return headers_of(self.reading.path, self.folder, self.paths)

    def _parts(self, file: Path, target: decode.Target) -> Generator[decode.Part]:
        if len(self.paths) >= MANY:
            processes = min(cores(), 1 + len(self.paths) // EACH)
            yield from _decoders.decoded(self.folder, self.paths, file, target, processes)
            return
        shape = (len(self.paths), target.height, target.width, target.channels)
        pixels = np.memmap(file, np.uint8, "r+", shape=shape)
        for row in range(0, len(self.paths), STEP):
            paths = [os.path.join(self.folder, path) for path in self.paths[row : row + STEP]]
            yield decode.read(row, paths, pixels, target)


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
