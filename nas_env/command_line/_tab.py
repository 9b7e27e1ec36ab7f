"""The option ``--print-completion``, which every command has."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from nas_env.errors import InvalidValue, UnknownName

OPTION = "--print-completion"
SHELLS = ("bash", "zsh", "fish")


def print_completion(words: Sequence[str]) -> None:
    """Print the script of a shell and end, if a command line asks for it.

    Args:
        words: The words after the program's name.

    Raises:
        SystemExit: When it is printed.
        InvalidValue: If there is none for that shell.
    """
    if not words or words[0].partition("=")[0] != OPTION:
        return
    _, equals, shell = words[0].partition("=")
    if not equals and len(words) > 1:
        shell = words[1]
    if not shell:
        raise InvalidValue(f"{OPTION} needs a shell: {', '.join(SHELLS)}")
    if shell not in SHELLS:
        raise UnknownName("shell", shell, SHELLS)
    # By its name, since what completes all commands imports what reads their lines.
    completion = importlib.import_module("nas_env.command_line._completion").completion
    sys.stdout.write(completion(shell))
    raise SystemExit(0)
