"""Images that were read once and are kept: a small record, and pixels that are never held whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np

from nas_env.data._telling import broken_images, reasons, shown
from nas_env.data.folder import data_folder
from nas_env.data.images import _cache
from nas_env.data.images._protocol import SIDES, Found, Reading
from nas_env.errors import DataInvalid, NASError

__all__ = ["SIDES", "Prepared", "Reading", "check", "prepare"]

FOLDER = "own-images"  # within the data folder


@dataclass(frozen=True, eq=False)
class Prepared:
    """The facts of images that were read, and the place of their pixels.

    Attributes:
        classes: Names of the classes.
        labels: The class of each image, int64 (n,).
        splits: The split that each has from its source, uint8 (n,): an index into ``SPLITS``.
        hashes: The hash of each image's pixels, uint64 (n,).
        rows: Rows of the images that could be read, int64, ascending.
        shape: Channels, height and width.
        content: A hash of pixels, labels, class names and splits, which tells sets apart.
        notes: The way the images were taken, a few words each.
        skipped: Files that were left out, each with the reason.
        folder: The folder of the cache.
        stamp: The size and the time of change of its file of pixels.
    """

    classes: tuple[str, ...]
    labels: np.ndarray
    splits: np.ndarray
    hashes: np.ndarray
    rows: np.ndarray
    shape: tuple[int, int, int]
    content: str
    notes: tuple[str, ...]
    skipped: Mapping[str, str]
    folder: Path
    stamp: tuple[int, int]

    def pixels(self) -> np.memmap:
        """Map the pixels: uint8 (n, height, width, channels), read-only, in pages that all share.

        Raises:
            DataInvalid: If they are no longer those that were prepared.
        """
        file = self.folder / _cache.PIXELS
        channels, height, width = self.shape
        try:
            if _cache.stamp(file) == self.stamp:
                return np.memmap(file, mode="r", shape=(len(self.labels), height, width, channels))
        except OSError:
            pass  # the message is the same
        raise DataInvalid(f"{file} is not what it was when it was opened: start again")

    @property
    def warnings(self) -> tuple[str, ...]:
        """A line on the files that were left out; none if there are none."""
        count = len(self.skipped)
        return (f"{count:,} left out: {reasons(self.skipped)}",) if count else ()


def prepare(reading: Reading, content: str | None = None) -> Prepared:
    """Open the cache of images; read them if there is none, or a source file has changed.

    Args:
        reading: Where they are and how they are read.
        content: The content they must have; the source is then looked at only if the cache is of
            no use. None for any.

    Raises:
        DataNotFound: If nothing is there.
        DataInvalid: If the images are broken, unfit, or of another content.
        NASError: If the cache cannot be written.
    """
    place = _place(reading)
    kept = None if content is None else _cache.load(place)
    if kept is None or kept.facts["content"] != content:
        kept = _looked_at(reading, place)
    return _answer(reading, place, kept, content)


def check(reading: Reading, content: str) -> None:
    """Look at the source, which must still have a certain content.

    Raises:
        DataInvalid: If it has another, or is unfit.
        DataNotFound: If nothing is there.
    """
    place = _place(reading)
    _answer(reading, place, _looked_at(reading, place), content)


def _place(reading: Reading) -> Path:
    """Return the folder of a reading's cache, which is one whether broken files are skipped."""
    settings = {name: value for name, value in asdict(reading).items() if name != "skip_broken"}
    key = sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    return data_folder() / FOLDER / key


def _looked_at(reading: Reading, place: Path) -> _cache.Kept:
    """Look at the source; read it into the cache, unless that is done or another process does."""
    # They import Pillow, which is not needed where a cache is all that is read.
    from nas_env.data.images._read_in import read_in
    from nas_env.data.images.reading import find

    found = find(reading)
    if kept := _current(place, found):
        return kept
    with _cache.held(place, f"another process reads {shown(reading.path)}: waiting for it"):
        if kept := _current(place, found):
            return kept
        _cache.save(place, partial(read_in, reading, found))
        if kept := _current(place, found):
            return kept
    raise NASError(f"{place} was removed while it was made: start again")


def _current(place: Path, found: Found) -> _cache.Kept | None:
    """Return the content of the cache; None if there is none of these files."""
    kept = _cache.load(place)
    return kept if kept and kept.facts["fingerprint"] == found.fingerprint else None


def _answer(reading: Reading, place: Path, kept: _cache.Kept, content: str | None) -> Prepared:
    """Return what is kept, if that is what was asked for."""
    prepared = _prepared(place, kept)
    if prepared.skipped and not reading.skip_broken:
        raise broken_images(reading.path, prepared.skipped)
    if content not in (None, prepared.content):
        said = f"its content is {prepared.content}, expected {content}"
        raise DataInvalid(
            f"{shown(reading.path)} has changed: {said}; begin a new run for what it is now"
        )
    return prepared


def _prepared(place: Path, kept: _cache.Kept) -> Prepared:
    facts, images = kept.facts, kept.images
    return Prepared(
        classes=tuple(facts["classes"]),
        labels=np.ascontiguousarray(images["label"]),
        splits=np.ascontiguousarray(images["split"]),
        hashes=np.ascontiguousarray(images["hash"]),
        rows=np.flatnonzero(images["whole"]),
        shape=tuple(facts["shape"]),
        content=facts["content"],
        notes=tuple(facts["notes"]),
        skipped=facts["skipped"],
        folder=place,
        stamp=kept.stamp,
    )
