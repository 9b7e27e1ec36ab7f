"""The command lines of the benchmarks: options from a dataclass, one clear line for bad input."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from nas_env.benchmark._options import Options, parse
from nas_env.command_line._tab import print_completion
from nas_env.errors import InvalidArchitecture, InvalidValue, NASError
from nas_env.run.store import censored
from search_spaces._json import strict_json

INTERRUPTED = 130  # exit status after Ctrl-C, by custom


def command(
    program: str,
    options: type[Options],
    work: Callable[[Options], int | None],
    *,
    resumes: bool = False,
) -> Callable[..., int]:
    """Make a program's ``main``; it returns the exit status: 0, 2 for bad input, 130 for Ctrl-C.

    Args:
        program: The command that runs it, ``nas-benchmark run``.
        options: Dataclass of its options.
        work: Function that takes them; it may return another exit status.
        resumes: Whether the same command continues a run that was interrupted.
    """

    def main(arguments: list[str] | None = None) -> int:
        given = sys.argv[1:] if arguments is None else arguments
        try:
            print_completion(given)
            return work(parse(options, given, program)) or 0
        except (InvalidValue, InvalidArchitecture, NASError) as error:
            line = f"{program.removeprefix('python -m benchmarks.')}: {error}"
            print(censored(line), file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("stopped" + "; the same command continues" * resumes, file=sys.stderr)
            return INTERRUPTED

    return main


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
