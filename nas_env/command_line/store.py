"""The installed command ``nas-store``: copy evaluations between stores, recover a damaged file.

nas-store copy runs/all.sqlite postgresql://ann@db.example.org/search
nas-store recover runs/digits/results.sqlite
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NoReturn

from rich.console import Console

from nas_env.command_line import _copying, _recovering
from nas_env.command_line._docstrings import attributes
from nas_env.command_line._tab import print_completion
from nas_env.command_line._words import refuse_empty, unknown_option
from nas_env.command_line.outcomes import called
from nas_env.errors import InvalidValue, UnknownName

PROGRAM = "nas-store"
ABOUT = "Copy the evaluations of a store, or recover those of a damaged file."
COMMANDS: dict[str, Any] = {"copy": _copying, "recover": _recovering}
SHOWN = {"source": "FROM", "target": "TO", "file": "FILE"}


def main(line: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        line: The words after the program's name; None for those that this process was given.

    Returns:
        0; 2 for bad input and where rows were damaged in a copy, 130 when interrupted.
    """
    words = sys.argv[1:] if line is None else list(line)
    return called(PROGRAM, lambda: _read(words), _do)


def _read(words: Sequence[str]) -> tuple[str, Any]:
    """Return the command of a command line, and its options."""
    print_completion(words)
    refuse_empty(words)
    if not words or words[0] in ("-h", "--help"):
        parser = _Parser(PROGRAM, description=ABOUT)
        commands = parser.add_subparsers(metavar="COMMAND")
        for name in COMMANDS:
            commands.add_parser(name, help=_about(name))
        parser.parse_args(["--help"])
    command = words[0]
    if command not in COMMANDS:
        raise UnknownName("command", command, [*COMMANDS])
    options = COMMANDS[command].Options
    parser, texts = (
        _Parser(f"{PROGRAM} {command}", description=_about(command)),
        attributes(options),
    )
    for name in (field.name for field in fields(options) if field.name in SHOWN):
        parser.add_argument(name, metavar=SHOWN[name], help=texts[name])
    parser.add_argument("--quiet", action="store_true", help=texts["quiet"])
    values, unknown = parser.parse_known_args(words[1:])
    if unknown:
        raise InvalidValue(unknown_option(unknown[0], ["--quiet", "--help"]))
    return command, options(**vars(values))


def _about(command: str) -> str:
    return (COMMANDS[command].Options.__doc__ or "").partition("\n")[0]


class _Parser(argparse.ArgumentParser):
    """Raises an error where its base prints the usage and exits."""

    def error(self, message: str) -> NoReturn:
        """Raise an error of one line."""
        raise InvalidValue(message)


def _do(asked: tuple[str, Any]) -> None:
    """Do what was asked for."""
    command, options = asked
    console = Console(quiet=options.quiet, highlight=False, markup=False, emoji=False)
    COMMANDS[command].run(options, console)


if __name__ == "__main__":
    sys.exit(main())
