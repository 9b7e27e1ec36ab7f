"""The installed command ``nas-store``: copy evaluations between files and servers.

nas-store copy runs/all.sqlite postgresql://ann@db.example.org/search
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from rich.console import Console

from nas_env.command_line._docstrings import attributes
from nas_env.command_line._outcomes import called
from nas_env.command_line._tab import print_completion
from nas_env.command_line._words import refuse_empty, unknown_option
from nas_env.errors import InvalidValue, NASError, UnknownName
from nas_env.run.folder import check_there
from nas_env.run.store import Copied, absolute, copy, open_store

PROGRAM = "nas-store"
COMMAND = "copy"
ABOUT = "Copy the evaluations of a store to another, and check each row."


@dataclass(frozen=True)
class Options:
    """Copy the evaluations of a store to another, and check each row.

    Attributes:
        source: Store to copy from: a file, or ``postgresql://USER@HOST/DATABASE``.
        target: Store to copy to; a file is made if it does not exist.
        quiet: Print nothing but errors.
    """

    source: str
    target: str
    quiet: bool = False


class Damaged(NASError):
    """Rows that were damaged, and are not in the copy."""


def main(line: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        line: The words after the program's name; None for those that this process was given.

    Returns:
        0; 2 for bad input and where rows were damaged, 130 when interrupted.
    """
    words = sys.argv[1:] if line is None else list(line)
    return called(PROGRAM, lambda: _read(words), _copy)


def _read(words: Sequence[str]) -> Options:
    """Return what a command line asks for."""
    print_completion(words)
    refuse_empty(words)
    parser, texts = _Parser(f"{PROGRAM} {COMMAND}", description=ABOUT), attributes(Options)
    parser.add_argument("source", metavar="FROM", help=texts["source"])
    parser.add_argument("target", metavar="TO", help=texts["target"])
    parser.add_argument("--quiet", action="store_true", help=texts["quiet"])
    if not words or words[0] in ("-h", "--help"):
        parser.parse_args(["--help"])
    if words[0] != COMMAND:
        raise UnknownName("command", words[0], [COMMAND])
    values, unknown = parser.parse_known_args(words[1:])
    if unknown:
        raise InvalidValue(unknown_option(unknown[0], ["--quiet", "--help"]))
    return Options(**vars(values))


class _Parser(argparse.ArgumentParser):
    """Raises an error where its base prints the usage and exits."""

    def error(self, message: str) -> NoReturn:
        """Raise an error of one line."""
        raise InvalidValue(message)


def _copy(options: Options) -> None:
    """Copy, and tell how far it is."""
    source, target = absolute(options.source), absolute(options.target)
    check_there(source, "the copy")
    if source == target:
        raise InvalidValue(f"{source} is named twice, expected two stores")
    console = Console(quiet=options.quiet, highlight=False, markup=False, emoji=False)
    with (
        contextlib.closing(open_store(source)) as opened,
        contextlib.closing(open_store(target)) as other,
        console.status("copying") as status,
    ):
        found = copy(opened, other, lambda so_far: status.update(_told(so_far)))
    console.print(_told(found), soft_wrap=True)
    if found.damaged:
        raise Damaged(f"{found.damaged:,} damaged rows of {source} are not in the copy")


def _told(found: Copied) -> str:
    """Return what was done in one line."""
    parts = [f"{found.added:,} evaluations copied and checked", f"{found.known:,} were there"]
    if found.differ:
        parts.append(f"{found.differ:,} of them with other figures, which stay")
    if found.readings:
        parts.append(f"{found.readings:,} readings of test sets copied")
    return "; ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
