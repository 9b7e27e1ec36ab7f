"""Programs whose options are flat, such as the benchmarks: their ``main``, made of a dataclass."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from nas_env.command_line._tab import print_completion
from nas_env.command_line.flat_options import Options, parse
from nas_env.command_line.outcomes import called
from nas_env.errors import InvalidValue
from search_spaces._json import strict_json


def command(
    program: str,
    options: type[Options],
    work: Callable[[Options], int | None],
    *,
    resumes: bool = False,
) -> Callable[..., int]:
    """Make a program's ``main``, which returns the exit status, as :func:`called` has it.

    Args:
        program: The command that runs it, ``nas-benchmark run``.
        options: Dataclass of its options.
        work: Function that takes them; it may return another exit status.
        resumes: Whether the same command continues a run that was interrupted.
    """
    name = program.removeprefix("python -m benchmarks.")
    stopped = "stopped" + "; the same command continues" * resumes

    def main(arguments: list[str] | None = None) -> int:
        given = sys.argv[1:] if arguments is None else arguments

        def read() -> Options:
            print_completion(given)
            return parse(options, given, program)

        return called(name, read, work, stopped=stopped, sigterm=False)

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
