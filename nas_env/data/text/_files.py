"""The files of a text: one, or those of a folder in their order, with their splits."""

from __future__ import annotations

import difflib
import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from nas_env.data._telling import counted, listed, shown, suffixes
from nas_env.errors import DataInvalid, DataNotFound

Splits = Literal["auto", "files", "position"]
#: What a file's name says of its split, after any prefix: ``ptb.train.txt``.
NAMES = {
    "train": "train",
    "training": "train",
    "valid": "validation",
    "validation": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
SPLIT = re.compile(rf"(?:(?P<prefix>.*)[._-])?(?P<split>{'|'.join(NAMES)})\.txt", re.IGNORECASE)


@dataclass(frozen=True)
class TextFile:
    """A file of a text.

    Attributes:
        path: The file.
        name: The name that a message has: within the folder, or as it was given.
        split: ``"train"``, ``"validation"`` or ``"test"``; empty if the text is to be divided.
    """

    path: Path
    name: str
    split: str = ""


class BrokenFile(Exception):
    """A file cannot be used; the message says why, and its name goes before it."""


def find_texts(path: str, splits: Splits) -> list[TextFile]:
    """Return the files of a text: the one that is named, or a folder's ``.txt`` in their order.

    Raises:
        DataNotFound: If nothing is there.
        DataInvalid: If there is no text, or its splits are ambiguous.
    """
    place = Path(path)
    if place.is_dir():
        return _with_splits(place, _of_folder(place), splits)
    if not os.path.lexists(place):
        raise DataNotFound(f"{shown(path)} is not there{_nearest(place)}")
    if splits == "files":
        raise DataInvalid(f"{shown(path)} is one file, --task.splits files is for a folder")
    return [TextFile(place, str(place))]


def check_file(file: TextFile, folder: Path | None) -> None:
    """Check that a file is one, and lies in the folder that was given.

    Raises:
        BrokenFile: If not.
    """
    try:
        if folder is not None and not file.path.resolve().is_relative_to(folder.resolve()):
            raise BrokenFile("is a link out of the folder")
        mode = file.path.stat().st_mode
    except FileNotFoundError:
        raise BrokenFile("is a link to nothing") from None
    except (OSError, RuntimeError) as error:  # a circle of links was a RuntimeError once
        raise BrokenFile(f"cannot be read: {getattr(error, 'strerror', error)}") from None
    if not stat.S_ISREG(mode):
        raise BrokenFile("is no file of text")


def _of_folder(folder: Path) -> list[TextFile]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise DataNotFound(f"{shown(str(folder))} cannot be read: {error.strerror}") from None
    seen = [name for name in names if not name.startswith(".")]
    texts = [n for n in seen if n.lower().endswith(".txt") and not (folder / n).is_dir()]
    if not texts:
        raise DataInvalid(
            f"{shown(str(folder))} has no .txt, expected at least one; it has "
            f"{_contents(folder, seen)}"
        )
    return [TextFile(folder / name, name) for name in sorted(texts, key=_in_order)]


def _in_order(name: str) -> list[tuple[bool, int, str]]:
    """Return a key that sorts names with numbers by the numbers: ``2.txt`` before ``10.txt``."""
    parts = re.split(r"(\d+)", name)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _contents(folder: Path, names: list[str]) -> str:
    """Return what a folder has, in a few words: ``2 folders, 3 .md``."""
    folders = sum((folder / name).is_dir() for name in names)
    others = [name for name in names if not (folder / name).is_dir()]
    said = [counted(folders, "folder")] if folders else []
    return ", ".join([*said, suffixes(others)] if others else said) or "nothing"


def _with_splits(folder: Path, files: list[TextFile], splits: Splits) -> list[TextFile]:
    """Return the files with the splits that their names say, if it is by them."""
    found = {file: match for file in files if (match := SPLIT.fullmatch(file.name))}
    if splits == "position" or (splits == "auto" and not found):
        return files
    named = [replace(file, split=NAMES[m["split"].lower()]) for file, m in found.items()]
    names, where = listed([file.name for file in named]), shown(str(folder))
    others = [file.name for file in files if file not in found]
    of_split = {file.split for file in named}
    if splits == "auto" and others:
        raise DataInvalid(
            f"{where} has {names} beside {listed(others)}: --task.splits files takes the first "
            "alone as the splits, --task.splits position takes all as one text"
        )
    if len(of_split) < len(named) or len({match["prefix"] for match in found.values()}) > 1:
        raise DataInvalid(
            f"{where} has the splits of more than one text: {names}; give a folder with the files "
            "of one, or --task.splits position"
        )
    if "train" not in of_split:
        raise DataInvalid(
            f"{where} has no train.txt, which its splits need; it has "
            f"{listed([file.name for file in files])}: --task.splits position takes all as one text"
        )
    return named


def _nearest(place: Path) -> str:
    """Return the name nearest to one that is not there, as half a sentence."""
    if not place.parent.is_dir():
        return f": there is no folder {shown(str(place.parent))}"
    near = difflib.get_close_matches(place.name, os.listdir(place.parent), n=1)
    return f"; did you mean {shown(near[0])}?" if near else ""
