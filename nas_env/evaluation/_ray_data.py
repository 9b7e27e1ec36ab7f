"""Files of the data folder that go to each node of a cluster once, through Ray's object store."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nas_env.errors import DataNotFound, InvalidValue
from nas_env.evaluation._fork_shared import locked, own_folder


class Parcel(NamedTuple):
    """Files that are sent.

    Attributes:
        digest: SHA-256 of the content.
        content: The files, uint8 (n,): a line of JSON with their names and sizes, then their bytes.
    """

    digest: str
    content: np.ndarray


def pack(folder: Path, names: Sequence[str]) -> Parcel:
    """Return files of a folder.

    Args:
        folder: The folder.
        names: Names of files in it, or of folders, of which all files are meant.

    Raises:
        DataNotFound: If something is not there.
        InvalidValue: If a name leads out of the folder.
    """
    files: list[Path] = []
    for name in names:
        place = folder / name
        if not place.resolve().is_relative_to(folder.resolve()):
            raise InvalidValue(f"send has {name!r}, expected a name within {folder}")
        if not place.exists():
            raise DataNotFound(f"{place} is not there, and is to be sent to the nodes")
        files += sorted(each for each in [place, *place.rglob("*")] if each.is_file())
    parts = [each.read_bytes() for each in files]
    table = [[str(f.relative_to(folder)), len(part)] for f, part in zip(files, parts, strict=True)]
    content = b"".join([json.dumps(table).encode(), b"\n", *parts])
    return Parcel(hashlib.sha256(content).hexdigest(), np.frombuffer(content, np.uint8))


def unpack(digest: str, content: Any) -> Path:
    """Return the folder of this machine that has the files of a parcel; the first call writes them.

    Args:
        digest: Digest of the parcel.
        content: The content of the parcel, uint8 (n,).
    """
    folder = own_folder() / "data"
    folder.mkdir(exist_ok=True)
    wanted = folder / digest[:16]
    with locked(wanted):
        if not wanted.exists():
            half = Path(tempfile.mkdtemp(dir=folder))
            try:
                _write(half, memoryview(content))
                half.rename(wanted)
            finally:
                shutil.rmtree(half, ignore_errors=True)
    return wanted


def _write(folder: Path, content: memoryview) -> None:
    """Write the files of a parcel below a folder."""
    end = _line(content)
    for name, size in json.loads(bytes(content[:end])):
        place = folder / name
        if not place.resolve().is_relative_to(folder.resolve()):
            raise InvalidValue(f"a file that was sent has the name {name!r}")
        place.parent.mkdir(parents=True, exist_ok=True)
        begin, end = end, end + size
        place.write_bytes(content[begin:end])


def _line(content: memoryview) -> int:
    """Return the length of the first line, its end included."""
    size = 2**12
    while (found := bytes(content[:size]).find(b"\n")) < 0:
        size *= 2
    return found + 1
