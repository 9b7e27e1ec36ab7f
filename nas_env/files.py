"""Files that are whole or not there: written beside, synced, renamed; and JSON read strictly."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nas_env.errors import InvalidValue, NASError
from search_spaces._json import strict_json

LARGEST = 2**20  # bytes of a JSON file that a person could have written
KINDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false",
         dict: "an object", list: "a list", type(None): "null"}  # fmt: skip


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file atomically and durably; see :func:`write_parts`."""
    write_parts(path, [content])


def write_parts(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Replace a file atomically and durably by parts that are written one after the other.

    Raises:
        NASError: If that fails, as on a full disk; the file is then what it was.
    """
    new = beside(path)
    try:
        with open(new, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        replace(new, path)
    except OSError as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise NASError(f"{path} cannot be written: {error.strerror}") from error


def beside(path: Path) -> Path:
    """Return where this process writes what it will put in the place of a path."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def half_written(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield the files of a folder that were to take the place of others, and who writes them."""
    for path in folder.glob(".*.*"):
        _, _, process = path.name.rpartition(".")
        if process.isdecimal() and path.is_file():
            yield path, int(process)


def replace(new: Path, path: Path) -> None:
    """Put a synced file in the place of another, durably; at any instant one of both is there."""
    os.replace(new, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def free_name(path: Path, word: str) -> Path:
    """Return the first free name beside a file for what it was: ``summary.json.damaged-1``."""
    names = (path.with_name(f"{path.name}.{word}-{number}") for number in itertools.count(1))
    return next(name for name in names if not os.path.lexists(name))


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file atomically and durably."""
    write_bytes(path, (json.dumps(value, indent=2) + "\n").encode())


def read_json(path: Path, form: Mapping[str, Any] | None = None, *, most: int = LARGEST) -> Any:
    """Read a file of JSON.

    Args:
        path: The file.
        form: What it must have (see :func:`check_form`); None if that is anything.
        most: Bytes that it may have.

    Raises:
        InvalidValue: If it cannot be read, is larger, is not strict JSON, or has another form; the
            message names the file, and the key if it is one.
    """
    try:
        if (size := path.stat().st_size) > most:
            raise InvalidValue(f"{path} has {size:,} bytes, expected at most {most:,}")
        value = strict_json(path.read_bytes())
    except OSError as error:
        raise InvalidValue(f"{path} cannot be read: {error.strerror}") from None
    except InvalidValue:
        raise
    except ValueError as error:
        raise InvalidValue(f"{path} is not JSON: {error}") from None
    if form is not None:
        try:
            check_form(value, form)
        except InvalidValue as error:
            raise InvalidValue(f"{path}: {error}") from None
    return value


def check_form(value: Any, form: Mapping[str, Any], where: str = "") -> None:
    """Check that a JSON value is an object with certain keys; others may be there as well.

    Args:
        value: The value.
        form: For each key a type, the form of an object, a tuple of these, or a list with the type
            of its items.
        where: The keys that lead to the value, with a dot at the end.

    Raises:
        InvalidValue: If a key is missing or has a value of another type; it is named.

    Example:
        >>> check_form({"make": {"seed": "1"}}, {"make": {"seed": int}})
        Traceback (most recent call last):
        search_spaces._errors.InvalidValue: make.seed is '1', expected a whole number
    """
    if not isinstance(value, dict):
        raise InvalidValue(f"{where.rstrip('.') or 'it'} is {_short(value)}, expected an object")
    for key, expected in form.items():
        if key not in value:
            raise InvalidValue(f"{where}{key} is missing")
        if isinstance(expected, list):
            check_form({key: value[key]}, {key: list}, where)
            items = {f"{key}[{place}]": item for place, item in enumerate(value[key])}
            check_form(items, dict.fromkeys(items, expected[0]), where)
            continue
        allowed = expected if isinstance(expected, tuple) else (expected,)
        kinds = [dict if isinstance(each, Mapping) else each for each in allowed]
        if type(value[key]) not in kinds:  # not isinstance: true is no whole number
            names = " or ".join(KINDS[kind] for kind in kinds)
            raise InvalidValue(f"{where}{key} is {_short(value[key])}, expected {names}")
        for each in allowed:
            if isinstance(each, Mapping) and isinstance(value[key], dict):
                check_form(value[key], each, f"{where}{key}.")


def _short(value: Any) -> str:
    """Return a value as a message shows it."""
    if isinstance(value, (dict, list)):
        return KINDS[type(value)]
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
