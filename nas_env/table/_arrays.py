"""Reads the arrays of an .npz that a stranger may have made."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

import numpy as np

from nas_env.errors import InvalidValue

LARGEST = 2**30  # bytes of all arrays; the 15,625 networks of NAS-Bench-201 take some megabytes
SUFFIX = ".npy"


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz by their names; nothing is unpickled or unpacked to disk.

    Raises:
        InvalidValue: If a name stands there twice, an array has objects or another size than it
            says, or all are too large.
        Exception: If it is damaged, whatever ``zipfile`` and numpy raise.
    """
    with zipfile.ZipFile(path) as file:
        entries = {entry.filename: entry for entry in file.infolist()}
        if len(entries) < len(file.infolist()):
            raise InvalidValue("a name stands in it twice")
        if (size := sum(entry.file_size for entry in entries.values())) > LARGEST:
            raise InvalidValue(f"it unpacks to {size:,} bytes, expected at most {LARGEST:,}")
        return {name.removesuffix(SUFFIX): _read(file, entries[name]) for name in entries}


def _read(file: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    if not entry.filename.endswith(SUFFIX):
        raise InvalidValue(f"{entry.filename!r} in it is no array")
    with file.open(entry) as stream:
        headers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        version = np.lib.format.read_magic(stream)
        if version not in headers:
            raise InvalidValue(f"{entry.filename!r} has the format {version}, expected 1.0 or 2.0")
        shape, fortran, dtype = headers[version](stream)
        if dtype.hasobject:
            raise InvalidValue(f"{entry.filename!r} has Python objects, which are not unpickled")
        size, there = math.prod(shape) * dtype.itemsize, entry.file_size - stream.tell()
        if min(shape, default=0) < 0 or size != there:
            raise InvalidValue(f"{entry.filename!r} has {there:,} bytes, {shape} needs {size:,}")
        values = np.frombuffer(stream.read(size), dtype)
    return values.reshape(shape, order="F" if fortran else "C")
