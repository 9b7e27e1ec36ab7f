"""A text's files, read and joined: what it says and a hash of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nas_env.data._telling import reasons, shown
from nas_env.data.text._bytes import check_encoding, read_text
from nas_env.data.text._files import BrokenFile, Splits, TextFile, check_file, find_texts
from nas_env.errors import DataInvalid, InvalidValue


@dataclass(frozen=True)
class TextReading:
    """The settings by which a text is read: plain JSON values.

    Attributes:
        path: File, or folder of ``.txt``; made absolute.
        encoding: Encoding of the files, by a name that Python knows.
        splits: Whether a folder's files are the splits: ``"files"`` by their names, ``"position"``
            not, ``"auto"`` if all have such a name.
        skip_broken: Whether files of a folder that cannot be used are left out.
    """

    path: str
    encoding: str = "utf-8"
    splits: Splits = "auto"
    skip_broken: bool = False

    def __post_init__(self) -> None:
        if not self.path:
            raise InvalidValue(
                "no text is given: --task.path names a file or a folder of .txt files"
            )
        object.__setattr__(self, "path", os.path.abspath(os.path.expanduser(self.path)))
        object.__setattr__(self, "encoding", check_encoding(self.encoding))


@dataclass(frozen=True)
class Source:
    """A text as its files have it.

    Attributes:
        texts: The text of each split; that of ``""`` is to be divided.
        content: Hash of these, 16 hexadecimal digits.
        files: Number of files that were used.
        skipped: Reason for each file that was left out.
    """

    texts: Mapping[str, str]
    content: str
    files: int
    skipped: Mapping[str, str]


def read_source(reading: TextReading) -> Source:
    """Read a text's files.

    Raises:
        DataNotFound: If nothing is there.
        DataInvalid: If a file cannot be used; one line has its name, the place, and what to do.
    """
    files = find_texts(reading.path, reading.splits)
    folder = Path(reading.path) if Path(reading.path).is_dir() else None
    joined: dict[str, list[str]] = {}
    skipped: dict[str, str] = {}
    for file in files:
        try:
            check_file(file, folder)
            text = read_text(file, reading.encoding)
        except BrokenFile as error:
            if folder is None or not reading.skip_broken:
                raise _refusal(reading, file, error, len(files)) from None
            skipped[file.name] = str(error)
        else:
            whole = text if text.endswith("\n") else f"{text}\n"
            joined.setdefault(file.split, []).append(whole)
    texts = {split: "".join(joined[split]) for split in sorted(joined)}
    if not {"", "train"} & set(texts):
        raise DataInvalid(f"{shown(reading.path)} has no text to train on: {reasons(skipped)}")
    return Source(texts, _hash(texts), len(files) - len(skipped), skipped)


def _refusal(reading: TextReading, file: TextFile, error: BrokenFile, files: int) -> DataInvalid:
    where = "" if file.name == reading.path else f"{shown(reading.path)}: "
    others = "; --task.skip-broken goes on without it" if files > 1 else ""
    return DataInvalid(f"{where}{shown(file.name)} {error}{others}")


def fingerprint(reading: TextReading) -> tuple[tuple[str, int, int], ...]:
    """Return name, size and time of change of a text's files: another file changes it."""
    found = []
    for file in find_texts(reading.path, reading.splits):
        try:
            status = file.path.stat()
        except OSError:
            continue
        found.append((file.name, status.st_size, status.st_mtime_ns))
    return tuple(found)


def _hash(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for split, text in texts.items():
        data = text.encode("utf-8", "surrogatepass")
        digest.update(f"{split} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()[:16]
