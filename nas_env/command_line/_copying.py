"""The command ``nas-store copy``: the evaluations of a store in another, each row checked."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from rich.console import Console

from nas_env.errors import InvalidValue, NASError
from nas_env.run.folder import check_there
from nas_env.run.store import Copied, absolute, copy, open_store


@dataclass(frozen=True)
class Options:
    """Copy the evaluations of a store to another, and check each row.

    Attributes:
        source: Store to copy from: a file, or ``postgresql://USER@HOST/DATABASE``.
        target: Store to copy to; a file is made if it does not exist.
        quiet: Print nothing but errors.
    """

    source: str
    target: str
    quiet: bool = False


class Damaged(NASError):
    """Rows that were damaged, and are not in the copy."""


def run(options: Options, console: Console) -> None:
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
