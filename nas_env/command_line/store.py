"""The installed command ``nas-store``: copy evaluations between stores, recover a damaged file.

nas-store copy runs/all.sqlite postgresql://ann@db.example.org/search
nas-store recover runs/digits/results.sqlite
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NoReturn

from rich.console import Console

from nas_env.command_line._docstrings import attributes
from nas_env.command_line._outcomes import called
from nas_env.command_line._recovering import recovered
from nas_env.command_line._tab import print_completion
from nas_env.command_line._words import refuse_empty, unknown_option
from nas_env.errors import InvalidValue, NASError, UnknownName
from nas_env.run.folder import check_there
from nas_env.run.store import Copied, absolute, copy, open_store

PROGRAM = "nas-store"
ABOUT = "Copy the evaluations of a store, or recover those of a damaged file."


@dataclass(frozen=True)
class Copy:
    """Copy the evaluations of a store to another, and check each row.

    Attributes:
        source: Store to copy from: a file, or ``postgresql://USER@HOST/DATABASE``.
        target: Store to copy to; a file is made if it does not exist.
        quiet: Print nothing but errors.
    """

    source: str
    target: str
    quiet: bool = False


@dataclass(frozen=True)
class Recover:
    """Read what is left of a damaged file, and make a whole one of it; the damaged one is kept.

    Attributes:
        source: The file.
        quiet: Print nothing but errors.
    """

    source: str
    quiet: bool = False


Options = Copy | Recover
COMMANDS: dict[str, type[Options]] = {"copy": Copy, "recover": Recover}
SHOWN = {"source": "FROM", "target": "TO"}


class Damaged(NASError):
    """Rows that were damaged, and are not in the copy."""


def main(line: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        line: The words after the program's name; None for those that this process was given.

    Returns:
        0; 2 for bad input and where rows were damaged in a copy, 130 when interrupted.
    """
    words = sys.argv[1:] if line is None else list(line)
    return called(PROGRAM, lambda: _read(words), _do)


def _read(words: Sequence[str]) -> Options:
    """Return what a command line asks for."""
    print_completion(words)
    refuse_empty(words)
    if not words or words[0] in ("-h", "--help"):
        parser = _Parser(PROGRAM, description=ABOUT)
        commands = parser.add_subparsers(metavar="COMMAND")
        for name, options in COMMANDS.items():
            commands.add_parser(name, help=_about(options))
        parser.parse_args(["--help"])
    if words[0] not in COMMANDS:
        raise UnknownName("command", words[0], [*COMMANDS])
    options = COMMANDS[words[0]]
    parser, texts = (
        _Parser(f"{PROGRAM} {words[0]}", description=_about(options)),
        attributes(options),
    )
    for name in [field.name for field in fields(options)][:-1]:
        shown = "FILE" if options is Recover else SHOWN[name]
        parser.add_argument(name, metavar=shown, help=texts[name])
    parser.add_argument("--quiet", action="store_true", help=texts["quiet"])
    values, unknown = parser.parse_known_args(words[1:])
    if unknown:
        raise InvalidValue(unknown_option(unknown[0], ["--quiet", "--help"]))
    return options(**vars(values))


def _about(options: type[Options]) -> str:
    return (options.__doc__ or "").partition("\n")[0]


class _Parser(argparse.ArgumentParser):
    """Raises an error where its base prints the usage and exits."""

    def error(self, message: str) -> NoReturn:
        """Raise an error of one line."""
        raise InvalidValue(message)


def _do(options: Options) -> None:
    """Do what was asked for."""
    console = Console(quiet=options.quiet, highlight=False, markup=False, emoji=False)
    if isinstance(options, Copy):
        _copy(options, console)
        return
    for line in recovered(options.source):
        console.print(line, soft_wrap=True)


def _copy(options: Copy, console: Console) -> None:
    """Copy, and tell how far it is."""
    source, target = absolute(options.source), absolute(options.target)
    check_there(source, "the copy")
    if source == target:
        raise InvalidValue(f"{source} is named twice, expected two stores")
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
