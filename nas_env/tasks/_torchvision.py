"""Data sets that torchvision downloads, checked by their published MD5s."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nas_env.errors import DataCorrupt, DataNotFound


@dataclass(frozen=True)
class PublishedFiles:
    """The files of a data set.

    Attributes:
        title: Name of the data set in messages.
        folder: Folder of the files, within the data folder.
        checksums: Name and MD5 of each file.
        remedy: Instruction for missing files; ``{data}`` stands for the data folder.
        fetch: Function that downloads the files into a data folder.
    """

    title: str
    folder: str
    checksums: tuple[tuple[str, str], ...]
    remedy: str
    fetch: Callable[[Path], None]

    def not_found(self, data: Path, missing: list[str], reason: str = "") -> DataNotFound:
        """Make the error that says what was looked for, where, and how to get it."""
        return DataNotFound(
            f"{self.title} not found: looked in {data / self.folder} for {', '.join(missing)}; "
            f"{self.remedy.format(data=data)}, "
            f"or set NAS_DATA to the folder that holds {self.folder}{reason}"
        )


@functools.cache
def verify(files: PublishedFiles, data: Path) -> None:
    """Check every file, once a process; download them if their folder is missing.

    Raises:
        DataNotFound: If files are missing; the message says which, where, and how to get them.
        DataCorrupt: If a file is not the published one; the message names its checksum.
    """
    folder = data / files.folder
    if not folder.is_dir():
        _download(files, data)
    missing = [name for name, _ in files.checksums if not (folder / name).is_file()]
    if missing:
        raise files.not_found(data, missing)
    for name, expected in files.checksums:
        found = hashlib.md5((folder / name).read_bytes(), usedforsecurity=False).hexdigest()
        if found != expected:
            path = folder / name
            raise DataCorrupt(f"{path} is corrupt: its MD5 is {found}, expected {expected}")


def _download(files: PublishedFiles, data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        files.fetch(data)
    except (OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        missing = [name for name, _ in files.checksums]
        raise files.not_found(data, missing, f" (download failed: {reason})") from None
