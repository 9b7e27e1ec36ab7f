"""The form of what can be taken out of the packages: :mod:`tests.faults._taken_out` has it all."""

from pathlib import PurePath
from typing import NamedTuple

ROWS = range(1, 23)  # of the fault matrix
LIMIT = 900.0  # seconds of a test that is not expected to hang
HANGS = 120.0  # seconds of one that is


class Change(NamedTuple):
    """A text of a file, and what is put in its place."""

    file: str
    there: str
    instead: str


class Protection(NamedTuple):
    """What protects a row.

    Attributes:
        row: Number of the row.
        words: What is taken out.
        test: The test that must fail without it, its parameters too, within ``tests/faults``.
        changes: The changes that take it out.
        limit: Seconds after which the test hangs, and has failed.
    """

    row: int
    words: str
    test: str
    changes: tuple[Change, ...]
    limit: float = LIMIT

    @property
    def told(self) -> str:
        """The words, with the names of the files."""
        files = dict.fromkeys(map(shown, (change.file for change in self.changes)))
        return f"{self.words} ({', '.join(f'`{file}`' for file in files)})"


def shown(file: str) -> str:
    """Return the name of a file, with its folder's where it is a package."""
    path = PurePath(file)
    return "/".join(path.parts[-2:]) if path.stem == "__init__" else path.name


def out(row: int, words: str, test: str, *changes: tuple[str, str, str], limit: float = LIMIT):
    """Return a protection."""
    return Protection(row, words, test, tuple(Change(*change) for change in changes), limit)
