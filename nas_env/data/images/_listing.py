"""A .csv of images: files beside it, with labels and perhaps splits."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence

import numpy as np

from nas_env.data._telling import shown
from nas_env.data.images._files import FilesFound
from nas_env.data.images._labels import check_texts, chosen, numbered, with_images
from nas_env.data.images._names import SPLIT_NAMES
from nas_env.data.images._protocol import SPLITS, Reading
from nas_env.data.images._table import Row, rows_of
from nas_env.data.images._walk import Sources, leaves
from nas_env.errors import DataInvalid, DataNotFound


def find_listed(reading: Reading) -> FilesFound:
    """Find the images that a .csv lists.

    Raises:
        DataNotFound: If none of its files is there.
        DataInvalid: If it is no listing of images in classes; one line says what is expected.
        UnknownName: If a column or class is wanted that is not there.
    """
    name = shown(os.path.basename(reading.path))
    rows = rows_of(reading)
    check_texts(f"labels of {name}", [row.label for row in rows])
    classes = chosen(reading.path, {row.label for row in rows}, reading.classes)
    look = _Look(os.path.realpath(os.path.dirname(reading.path)))
    kept = [row for row in rows if row.label in classes and look.at(row)]
    if not kept and rows:
        look.check_any(name, rows[0])
    kept = [row for row in kept if row.file not in look.skipped]
    names = [row.label for row in kept]
    left = with_images(reading.path, classes, names, look.skipped)
    return FilesFound(
        reading,
        look.folder,
        [row.file for row in kept],
        left,
        numbered(names, left),
        _splits(name, kept),
        look.sources(reading.path, kept),
        (),
        look.skipped,
    )


class _Look:
    """A look at each listed file: whether it is there, in the folder, and listed once.

    Attributes:
        folder: Folder of the listing, without links in its path.
        skipped: Reason for each file that cannot be used.
    """

    def __init__(self, folder: str):
        self.folder = folder
        self.skipped: dict[str, str] = {}
        self._status: dict[str, os.stat_result] = {}
        self._first: dict[str, Row] = {}
        self._folders: dict[str, str] = {}

    def at(self, row: Row) -> bool:
        """Return whether a row's file can be used, and note the reason otherwise."""
        first = self._first.setdefault(row.file, row)
        if first.label != row.label:
            lines = f"{first.label} in line {first.line}, {row.label} in line {row.line}"
            self.skipped[row.file] = f"of several classes: {lines}"
        elif reason := self._reason(row.file):
            self.skipped[row.file] = reason
        return row.file not in self.skipped

    def sources(self, listing: str, rows: Sequence[Row]) -> str:
        """Return the fingerprint of the listing and of its files."""
        sources = Sources()
        sources.append(os.path.basename(listing), os.stat(listing))
        for row in rows:
            sources.append(row.file, self._status[row.file])
        return sources.fingerprint(range(len(sources.paths)), *self.skipped)

    def check_any(self, name: str, first: Row) -> None:
        """Check that not all files are missing.

        Raises:
            DataNotFound: If they are; the message says where one was looked for.
        """
        reasons = {*self.skipped.values()}
        if reasons == {"not there"}:
            near = self._near(first.file)
            raise DataNotFound(
                f"none of the files of {name} is there: the first, {shown(first.file)}, is not in "
                f"{shown(self.folder)}{near}"
            )

    def _reason(self, file: str) -> str:
        if os.path.isabs(file) or ".." in file.split("/"):
            return "outside of the folder of the .csv"
        path = os.path.join(self.folder, file)
        try:
            status = os.lstat(path)
            if reason := self._leaves(file, stat.S_ISLNK(status.st_mode)):
                return reason
            status = os.stat(path) if stat.S_ISLNK(status.st_mode) else status
            self._status[file] = status
        except (OSError, ValueError) as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError | ValueError)
            return "not there" if missing else (error.strerror or "unreadable").lower()
        return "" if stat.S_ISREG(status.st_mode) else "no ordinary file"

    def _leaves(self, file: str, link: bool) -> str:
        """Return why a file, or the folder that it lies in, is a link that cannot be used."""
        if link:
            return leaves(self.folder, os.path.join(self.folder, file))
        above = os.path.dirname(file)
        if above not in self._folders:
            self._folders[above] = leaves(self.folder, os.path.join(self.folder, above))
        return self._folders[above]

    def _near(self, file: str) -> str:
        """Return a hint if a file of this name lies in a folder beside, or has a suffix more."""
        name = os.path.basename(file)
        with os.scandir(self.folder) as entries:
            folders = ["", *sorted(entry.name for entry in entries if entry.is_dir())]
        for folder in folders[:100]:
            for found in sorted(os.listdir(os.path.join(self.folder, folder))):
                if found == name or os.path.splitext(found)[0] == name:
                    return f"; did you mean {shown(os.path.join(folder, found))}?"
        return ""


def _splits(name: str, rows: Sequence[Row]) -> np.ndarray:
    known: dict[str, int] = {"": 0}
    for row in rows:
        if row.split not in known:
            if row.split.lower() not in SPLIT_NAMES:
                raise DataInvalid(
                    f"{name} has the split {shown(row.split)} in line {row.line}, expected train, "
                    "validation, test or nothing"
                )
            known[row.split] = SPLITS.index(SPLIT_NAMES[row.split.lower()])
    splits = np.array([known[row.split] for row in rows], np.uint8)
    return splits if (splits > 1).any() else np.zeros_like(splits)
