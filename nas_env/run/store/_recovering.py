"""Makes a whole file of evaluations of what can be read of a damaged one."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from nas_env.errors import StoreError
from nas_env.files import beside, free_name, replace, write_bytes
from nas_env.run.owners import users
from nas_env.run.store._base import PAGE, Recovery
from nas_env.run.store._format import OtherFormat
from nas_env.run.store._salvage import Salvaged, salvage
from nas_env.run.store.sqlite import JOURNAL, SQLiteStore

DAMAGED = "damaged"


def recover(file: Path, wanted: Mapping[str, int] | None = None) -> tuple[Salvaged, Path | None]:
    """Make a whole file of what can be read of a damaged one, which is kept beside it.

    At any instant the file itself is there, so a recovery that is killed can be done again.

    Args:
        file: The file; nobody else may use it.
        wanted: How many episodes of each run it is known to have had; None of a file that may have
            been no store at all.

    Returns:
        What is in the file now, and where the damaged one is kept; None if it was whole.

    Raises:
        StoreError: If another process has it open, or it is not a store of this version.
    """
    if others := users(file):
        raise StoreError(f"{file} is in use by process {others[0]}: end it first")
    content, journal = file.read_bytes(), _beside(file)
    torn = journal.read_bytes() if journal.exists() else None
    reason = _reason(file)  # whoever opens a file undoes by its journal what was not committed
    found = salvage(file.read_bytes(), content if reason else b"")
    if not reason:
        lost = [run for run, count in (wanted or {}).items() if found.count(run) < count]
        if lost or not content:  # so it is not the file that it was, and lines may be lost as well
            found.ledger_whole = False
        _note(file, "", found)
        return found, None
    if found.is_empty and content and wanted is None:
        raise StoreError(f"{reason}; nothing in it can be read, so it is left as it is")
    kept = free_name(file, DAMAGED)
    if torn is not None:
        write_bytes(_beside(kept), torn)
    write_bytes(kept, content)
    _write(file, found, kept.name)
    return found, kept


def _beside(file: Path) -> Path:
    """Return the journal of a file."""
    return file.with_name(file.name + JOURNAL)


def _reason(file: Path) -> str:
    """Return what is wrong with a file; empty if all in it is as it was written.

    Raises:
        OtherFormat: If it is whole, and no store of this version.
    """
    try:
        with contextlib.closing(SQLiteStore(file)) as store:
            store.verify()
            store.all_episodes()
            wrong = sum(not row.is_whole for row in store.rows())
        return f"{file} has {wrong} damaged rows" if wrong else ""
    except OtherFormat:
        raise
    except StoreError as error:
        return str(error).partition("; ")[0]


def _note(file: Path, damaged: str, found: Salvaged) -> None:
    with contextlib.closing(SQLiteStore(file)) as store:
        store.note_recovery(Recovery(time.time(), damaged, found.ledger_whole))


def _write(file: Path, found: Salvaged, damaged: str) -> None:
    """Put a new file with what was found in the place of a damaged one."""
    new = beside(file)
    try:
        with contextlib.closing(SQLiteStore(new)) as store:
            rows = iter(found.rows.values())
            while page := list(islice(rows, PAGE)):
                store.put_rows(page, [])
            store.put_rows([], found.lines)
            for episodes in found.episodes.values():
                store.put_episodes(episodes)
        _note(new, damaged, found)
        shutil.copymode(file, new)
        _beside(file).unlink(missing_ok=True)  # it is of the damaged file, and would be applied
        replace(new, file)
    finally:
        for left in (new, _beside(new)):
            left.unlink(missing_ok=True)
