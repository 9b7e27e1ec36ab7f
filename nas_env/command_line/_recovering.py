"""The command ``nas-store recover``: what is left of a damaged file, and what it had."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from nas_env.errors import InvalidValue, NASError
from nas_env.run.folder import RESULTS, Run, holds_run, read_config, store_of
from nas_env.run.store import Salvaged, is_server, recover
from nas_env.search.history import Told, told_by

MISSING = "its ledger cannot be shown to be whole: a reading of a test set may be missing"


@dataclass(frozen=True)
class Options:
    """Read what is left of a damaged file, and make a whole one of it; the damaged one is kept.

    Attributes:
        file: The file of a store.
        quiet: Print nothing but errors.
    """

    file: str
    quiet: bool = False


def run(options: Options, console: Console) -> None:
    """Recover a file, and tell what was found."""
    for line in recovered(options.file):
        console.print(line, soft_wrap=True)


def recovered(address: str) -> Iterator[str]:
    """Recover a file, and yield a line for each thing that is to be known of it.

    Raises:
        InvalidValue: If it is no file.
        StoreError: If it is in use, or no store.
        RunInUse: If it belongs to a run that is being played.
    """
    if is_server(address):
        raise InvalidValue(
            f"{address} is on a server, which has backups of its own: expected a file"
        )
    file = Path(address)
    if not file.is_file():
        raise InvalidValue(f"{file} is missing: restore it from a backup")
    folder = file.parent
    with contextlib.ExitStack() as held:
        if holds_run(folder):
            held.enter_context(contextlib.closing(Run(folder)))
        told = _told(file)
        wanted: dict[str, int] = {}
        for each in told:
            wanted[each.run] = max(each.children, wanted.get(each.run, 0))
        is_store = holds_run(folder) and file.name == RESULTS
        found, kept = recover(file, wanted if told or is_store else None)
    yield _found(file, found, kept)
    for run in sorted({*found.episodes, *wanted}):
        yield _children(run, found.count(run), wanted.get(run, 0))
    if found.apart:
        yield f"{found.apart:,} children after a lost one are left out, and are played again"
    if found.remade:
        lines = "1 line of the ledger was" if found.remade == 1 else f"{found.remade:,} lines were"
        yield f"{lines} lost, and made anew of the evaluation of a final training"
    if not found.ledger_whole:
        yield MISSING
    if kept is not None:
        yield f"the damaged file is kept as {kept}"
    if told:
        yield f"go on with: nas-train --resume --run {folder}"


def _told(file: Path) -> list[Told]:
    """Return what a run tells of the children in its own store; nothing of a shared one."""
    with contextlib.suppress(NASError, InvalidValue):  # of a configuration that is damaged too
        config = read_config(file.parent)
        if Path(store_of(file.parent, config)).resolve() == file.resolve():
            return [*told_by(file.parent, config["id"])]
    return []


def _found(file: Path, found: Salvaged, kept: Path | None) -> str:
    evaluations = f"{len(found.rows):,} evaluations, {len(found.lines):,} lines of the ledger"
    if kept is None:
        return f"{file} is whole, with {evaluations}; a run that lacks children may play them again"
    damaged = f"; {found.damaged:,} rows are damaged" if found.damaged else ""
    return f"{file} was damaged; it has {evaluations} that are whole{damaged}"


def _children(run: str, known: int, wanted: int) -> str:
    """Return a line about the children of one search."""
    line = f"run {run or 'without a name'}: {known:,} children from the first one on"
    return line if wanted <= known else f"{line}, of {wanted:,}; the others are played again"
