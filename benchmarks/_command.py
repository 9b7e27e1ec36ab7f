"""The command lines of the benchmarks: options from a dataclass, one clear line for bad input."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from nas_env.command_line._parsing import parse_all
from nas_env.errors import InvalidArchitecture, InvalidValue, NASError, UnknownName
from search_spaces._json import strict_json

INTERRUPTED = 130  # exit status after Ctrl-C, by custom

Options = TypeVar("Options")


def parse(options: type[Options], arguments: Sequence[str], program: str) -> Options:
    """Read the options of a command line.

    Raises:
        InvalidValue: If an argument is wrong; one line, with the nearest right name.
        SystemExit: After ``--help``.
    """
    return parse_all(options, arguments, program)


def command(
    program: str, commands: Mapping[str, tuple[type, Callable[[Any], int | None]]], *, resumes: bool
) -> Callable[..., int]:
    """Make a program's ``main``; it returns the exit status: 0, 2 for bad input, 130 for Ctrl-C.

    Args:
        program: The command that runs it, ``python -m benchmarks.run``.
        commands: Options and the function that takes them, by the program's first argument. A
            program without such an argument has one entry, under the empty name.
        resumes: Whether the same command continues a run that was interrupted.
    """

    def main(arguments: list[str] | None = None) -> int:
        given = sys.argv[1:] if arguments is None else list(arguments)
        try:
            name = "" if "" in commands else _named(program, commands, given)
            options, work = commands[name]
            rest = given[1:] if name else given
            return work(parse(options, rest, f"{program} {name}".rstrip())) or 0
        except (InvalidValue, InvalidArchitecture, NASError) as error:
            print(f"{program.rpartition('.')[2]}: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("stopped" + "; the same command continues" * resumes, file=sys.stderr)
            return INTERRUPTED

    return main


def _named(program: str, commands: Mapping[str, Any], given: Sequence[str]) -> str:
    if not given or given[0] in ("-h", "--help"):
        print(f"usage: {program} {{{','.join(commands)}}} ... (each has a --help)")
        raise SystemExit(0 if given else 2)
    if given[0] not in commands:
        raise UnknownName("command", given[0], commands)
    return given[0]


def json_mapping(text: str, what: str) -> dict[str, Any]:
    """Read a mapping from a JSON text that was given on a command line.

    Example:
        >>> json_mapping('{"recipe": {"fidelity": 12}}', "--make")
        {'recipe': {'fidelity': 12}}
    """
    try:
        value = strict_json(text)
    except ValueError as error:
        raise InvalidValue(f"{what} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidValue(f"{what} is {text!r}, expected a mapping")
    return value
