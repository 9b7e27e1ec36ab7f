"""Pixels on disk, kept so that they are whole, or found not to be.

A cache is a folder: ``pixels.bin``, the images' bytes one after another; ``table.bin``, a record
each; and ``manifest.json``, which is written last. The manifest has a checksum of the table, which
has a hash of each image's pixels, and one of itself. A cache is made in a folder beside its place
and renamed, by one process at a time.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nas_env.errors import InvalidValue, NASError
from nas_env.files import beside, read_json, write_bytes, write_json

FORMAT = 1  # raised whenever a cache of before cannot be used
MANIFEST, TABLE, PIXELS = "manifest.json", "table.bin", "pixels.bin"
LARGEST = 2**28  # bytes of a manifest: it lists the files that were left out
AT_ONCE = 2**22  # bytes that are read at once, to be hashed

#: What is kept of an image: the hash of its pixels, its class, its split, whether it was readable.
IMAGE = np.dtype([("hash", "<u8"), ("label", "<i8"), ("split", "u1"), ("whole", "?")])
FORM: Mapping[str, Any] = {
    "format": int,
    "facts": dict,
    "pixels": {"bytes": int, "changed": int},
    "table": str,
    "checksum": str,
}


@dataclass(frozen=True, eq=False)
class Kept:
    """The content of a cache, except its pixels.

    Attributes:
        facts: What its maker had to say, plain JSON values.
        images: A record of each image, of type ``IMAGE``.
        stamp: The size and the time of change (ns) of the file of pixels.
    """

    facts: Mapping[str, Any]
    images: np.ndarray
    stamp: tuple[int, int]


def load(place: Path) -> Kept | None:
    """Read a cache; None if there is none, or it is torn or damaged.

    Where the file of pixels has another time of change than the manifest says, each image's hash is
    computed again.
    """
    try:
        manifest = read_json(place / MANIFEST, FORM, most=LARGEST)
        table = (place / TABLE).read_bytes()
        size, changed = stamp(place / PIXELS)
        if manifest["format"] != FORMAT or manifest["checksum"] != _checksum(manifest):
            return None
        if manifest["table"] != sha256(table).hexdigest() or manifest["pixels"]["bytes"] != size:
            return None
        images = np.frombuffer(table, IMAGE)
        if manifest["pixels"]["changed"] != changed:
            if not np.array_equal(hashes(place / PIXELS, len(images)), images["hash"]):
                return None
            with suppress(NASError):  # it may lie where nothing can be written
                _write_manifest(place, manifest["facts"], table)
    except (InvalidValue, OSError):
        return None
    return Kept(manifest["facts"], images, (size, changed))


def save(place: Path, fill: Callable[[Path], tuple[Mapping[str, Any], np.ndarray]]) -> None:
    """Make a cache in its place, which :func:`held` must hold.

    Args:
        place: The folder of the cache; one that is there is replaced.
        fill: Function that writes the pixels into a folder and returns facts and table.

    Raises:
        NASError: If it cannot be written; the one that is there is then left.
    """
    new = beside(place)
    try:
        with _told(place):
            _remove_leftovers(place)
            new.mkdir()
            facts, images = fill(new)
            with open(new / PIXELS, "rb") as pixels:
                os.fsync(pixels.fileno())
            table = images.tobytes()
            write_bytes(new / TABLE, table)
            _write_manifest(new, facts, table)
            shutil.rmtree(place, ignore_errors=True)
            os.replace(new, place)
            _sync(place.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)


@contextmanager
def held(place: Path, waiting: str) -> Iterator[None]:
    """Keep other processes from making this cache within the block.

    Args:
        place: The folder of the cache.
        waiting: A line for stderr if another process makes it and is waited for.

    Raises:
        NASError: If the folder above cannot be written to.
    """
    with _told(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = _lock(place.parent, place.name)
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(waiting, file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lock(folder: Path, name: str) -> BinaryIO:
    return open(folder / f"{name}.lock", "ab")


def _remove_leftovers(place: Path) -> None:
    """Remove what processes that were killed left beside a cache that is held, or beside others."""
    for left in place.parent.glob(".*.*"):
        name = left.name.split(".")[1]
        with suppress(BlockingIOError), _lock(place.parent, name) as lock:
            if name != place.name:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)


def hashes(file: Path, count: int) -> np.ndarray:
    """Return the hash of each image's bytes, uint64 (count,)."""
    size = file.stat().st_size // max(count, 1)
    found = bytearray()
    buffer = memoryview(bytearray(size * max(1, AT_ONCE // max(size, 1))))
    with open(file, "rb", buffering=0) as pixels:
        while size and len(found) < 8 * count and (filled := _fill(pixels, buffer)):
            for begin in range(0, filled, size):
                found += sha256(buffer[begin : begin + size]).digest()[:8]
    return np.frombuffer(bytes(found), "<u8")


def _fill(file: Any, buffer: memoryview) -> int:
    """Read until the buffer is full or the file ends; return the number of bytes."""
    filled = 0
    while read := file.readinto(buffer[filled:]):
        filled += read
    return filled


def stamp(file: Path) -> tuple[int, int]:
    """Return the size of a file, and the time of its last change in nanoseconds."""
    status = file.stat()
    return status.st_size, status.st_mtime_ns


def _write_manifest(folder: Path, facts: Mapping[str, Any], table: bytes) -> None:
    size, changed = stamp(folder / PIXELS)
    manifest = {
        "format": FORMAT,
        "facts": facts,
        "pixels": {"bytes": size, "changed": changed},
        "table": sha256(table).hexdigest(),
    }
    write_json(folder / MANIFEST, {**manifest, "checksum": _checksum(manifest)})


def _checksum(manifest: Mapping[str, Any]) -> str:
    """Return the checksum of all of a manifest except its own checksum."""
    said = {name: value for name, value in manifest.items() if name != "checksum"}
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _told(place: Path) -> Iterator[None]:
    """Make one line of what the system says when something cannot be written."""
    try:
        yield
    except NASError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        to_do = "set NAS_DATA to a folder that has room and can be written to"
        raise NASError(f"{place.parent} cannot keep the images: {reason}; {to_do}") from error
