"""The installed command ``nas-store``: copy evaluations between files and servers.

nas-store copy runs/all.sqlite postgresql://ann@db.example.org/search
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import Annotated

from rich.console import Console

from nas_env.benchmark._command import command
from nas_env.benchmark._options import POSITIONAL
from nas_env.errors import InvalidValue, UnknownName
from nas_env.run.folder import check_there
from nas_env.run.store import Copied, absolute, copy, open_store

PROGRAM = "nas-store"
DAMAGED = 1  # exit status where a row could not be copied


@dataclass(frozen=True)
class Options:
    """Copy the evaluations of a store to another, and check each row.

    Attributes:
        source: Store to copy from: a file, or ``postgresql://USER@HOST/DATABASE``.
        target: Store to copy to; a file is made if it does not exist.
        quiet: Print nothing but errors.
    """

    source: Annotated[str, POSITIONAL]
    target: Annotated[str, POSITIONAL]
    quiet: bool = False


def copied(options: Options) -> int:
    """Copy, tell how far it is, and return the exit status."""
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
    return DAMAGED if found.damaged else 0


def _told(found: Copied) -> str:
    """Return what was done in one line."""
    parts = [f"{found.added:,} evaluations copied and checked", f"{found.known:,} were there"]
    if found.differ:
        parts.append(f"{found.differ:,} of them with other figures, which stay")
    if found.damaged:
        parts.append(f"{found.damaged:,} damaged rows left out")
    if found.readings:
        parts.append(f"{found.readings:,} readings of test sets copied")
    return "; ".join(parts)


_copy = command(f"{PROGRAM} copy", Options, copied, resumes=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the first argument names; return the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given or given[0] in ("-h", "--help"):
        print(f"usage: {PROGRAM} copy FROM TO (it has a --help)")
        return 0 if given else 2
    if given[0] != "copy":
        print(f"{PROGRAM}: {UnknownName('command', given[0], ['copy'])}", file=sys.stderr)
        return 2
    return _copy(given[1:])


if __name__ == "__main__":
    sys.exit(main())
