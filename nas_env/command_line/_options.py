"""Reads the line of a command whose options are the fields of one dataclass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nas_env.command_line._help import entries, show_help, whole
from nas_env.command_line._tyro import parse_all


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
