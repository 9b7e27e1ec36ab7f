"""Find out whether a path can be written to, before anything is made."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from nas_env.errors import InvalidValue

NAME = 255  # bytes of a name in a folder, by all common file systems
PATH = 4_095  # bytes of a path, by Linux
INSIDE = 255  # bytes of them that are left for what lies in a folder
SHOWN = 60  # characters of a path that a message has
UNSHOWABLE = {"Cc": "a control character", "Cs": "bytes that are no text",
              "Zl": "a line separator", "Zp": "a line separator"}  # fmt: skip


def check_name(path: str | Path, what: str, *, suffix: str = "") -> Path:
    """Check that the system could have a file or folder of this name.

    Args:
        path: The path.
        what: What is to be there, for the message ("a run's folder").
        suffix: What is appended to the path for the files beside it.

    Returns:
        The path.

    Raises:
        InvalidValue: If it is empty, has a character that cannot be shown, or is too long.
    """
    text = str(path)
    if not text:
        raise InvalidValue(f"'' is given as {what}, expected a path")
    for character in text:
        if found := UNSHOWABLE.get(unicodedata.category(character)):
            raise _refused(path, what, f"it has {found}, {character!a}")
    longest = max(len(os.fsencode(part)) for part in Path(path).parts or ("",))
    most = NAME - len(suffix)
    if longest > most:
        raise _refused(path, what, f"it has a name of {longest:,} bytes, expected at most {most}")
    whole = len(os.fsencode(os.path.abspath(path)))
    if whole > PATH - INSIDE:
        expected = f"expected at most {PATH - INSIDE:,}"
        raise _refused(path, what, f"its path has {whole:,} bytes, {expected}")
    return Path(path)


def check_folder(path: Path, what: str) -> None:
    """Check that a folder is there, or can be made, and can be written to.

    Raises:
        InvalidValue: If it cannot; the message names what is in the way.
    """
    check_name(path, what)
    _check_writable(_nearest(Path(os.path.abspath(path))), path, what)


def check_file(path: str | Path, what: str, *, suffix: str = "", written: bool = True) -> None:
    """Check that a file is there, or can be made in a folder that is there, and can be written to.

    Args:
        path: The file.
        what: What is to be there, for the message.
        suffix: What is appended to its name for the files that are made beside it.
        written: Whether it will be written to; one that is there may be read alone.

    Raises:
        InvalidValue: If it cannot; the message names what is in the way.
    """
    check_name(path, what, suffix=suffix)
    whole = Path(os.path.abspath(path))
    nearest = _nearest(whole.parent)
    if nearest != whole.parent and nearest.is_dir():
        raise _refused(path, what, f"there is no folder {whole.parent}")
    if whole.is_symlink() and not whole.exists():
        raise _refused(path, what, f"it is a link to {os.readlink(whole)}, which is not there")
    if whole.is_dir():
        raise _refused(path, what, "it is a folder, expected a file")
    if whole.exists() and not whole.is_file():
        raise _refused(path, what, "it is no ordinary file")
    if whole.exists() and not written:
        return
    if whole.exists() and not os.access(whole, os.W_OK):
        raise _refused(path, what, "it cannot be written to")
    _check_writable(nearest, path, what)


def check_new_file(path: Path, what: str) -> None:
    """Check that a file can be written, before the work that it is to hold; make its folder.

    Raises:
        InvalidValue: If it cannot; the message names what is in the way.
    """
    check_folder(path.parent, what)
    path.parent.mkdir(parents=True, exist_ok=True)
    check_file(path, what)


def _nearest(path: Path) -> Path:
    """Return the path, or the nearest folder above it at which something is."""
    return next(each for each in (path, *path.parents) if os.path.lexists(each))


def _check_writable(nearest: Path, path: str | Path, what: str) -> None:
    if nearest.is_symlink() and not nearest.exists():
        link = f"{nearest} is a link to {os.readlink(nearest)}, which is not there"
        raise _refused(path, what, link)
    if not nearest.is_dir():
        raise _refused(path, what, f"{nearest} is a file, expected a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise _refused(path, what, f"{nearest} cannot be written to")


def _refused(path: str | Path, what: str, reason: str) -> InvalidValue:
    text = ascii(str(path)) if not str(path).isprintable() else str(path)
    if len(text) > SHOWN:
        text = f"{text[: SHOWN // 2]}…{text[-SHOWN // 2 :]}"
    return InvalidValue(f"{text} cannot be {what}: {reason}")
