"""Commands whose options are the fields of one dataclass: their ``main``, and their line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from nas_env.command_line._help import entries, show_help, whole
from nas_env.command_line._tyro import parse_all
from nas_env.command_line.outcomes import STOPPED, called

Wanted = TypeVar("Wanted")


def read_options(
    defaults: Any, words: Sequence[str], program: str, about: str, more: str = ""
) -> Any:
    """Return what a command line says of some options, or show their help and end.

    Args:
        defaults: Dataclass of the options, whose docstring has their help.
        words: The words after the program's name.
        program: Name of the program.
        about: Description of the program, for its help.
        more: Text below the options, for its help.

    Returns:
        The options by their names, as attributes.

    Raises:
        InvalidValue: If a word is wrong; the message is one line.
        SystemExit: After the help.
    """
    options = entries(defaults)
    if {"-h", "--help"} & set(words):
        show_help(options, program, about, more)
        raise SystemExit(0)
    return parse_all(whole(options), words, program)


def main_of(
    program: str,
    read: Callable[[list[str]], Wanted],
    work: Callable[[Wanted], None],
    *,
    stopped: str = STOPPED,
) -> Callable[..., int]:
    """Make the ``main`` of a command.

    It takes the words after the program's name, or None for those that this process was given, and
    returns the exit status: 0; 2 for bad input, 130 when interrupted.

    Args:
        program: Name of the program.
        read: Function that reads the words.
        work: Function that does what was read.
        stopped: Line that is printed after an interrupt; empty for none.
    """

    def main(line: Sequence[str] | None = None) -> int:
        words = sys.argv[1:] if line is None else list(line)
        return called(program, lambda: read(words), work, stopped=stopped)

    return main
