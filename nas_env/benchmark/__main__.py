"""The installed command ``nas-benchmark``, also ``python -m nas_env.benchmark``."""

from __future__ import annotations

import importlib
import sys

from nas_env.command_line._tab import OPTION
from nas_env.errors import UnknownName
from search_spaces import _catalogue

COMMANDS = _catalogue.names("nas_env.benchmark")


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the first argument names; return the exit status.

    A command is a file of this folder. It is imported when it is called, so that the processes
    that play searches do not import what draws pages.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given or given[0] in ("-h", "--help"):
        print(f"usage: nas-benchmark {{{','.join(COMMANDS)}}} ... (each has a --help)")
        return 0 if given else 2
    name, *rest = given
    if name == OPTION:
        return importlib.import_module(f"nas_env.benchmark.{COMMANDS[0]}").main(given)
    if name not in COMMANDS:
        print(f"nas-benchmark: {UnknownName('command', name, COMMANDS)}", file=sys.stderr)
        return 2
    return importlib.import_module(f"nas_env.benchmark.{name}").main(rest)


if __name__ == "__main__":
    sys.exit(main())
