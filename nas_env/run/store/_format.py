"""The tables in which a file of SQLite keeps evaluations, episodes and ledger, and their checksums.

Format 2 has a checksum of each episode and of each line of the ledger, as evaluations had before:
SQLite checks none of what it reads. A file of format 1 is brought to it when it is opened.
"""

from __future__ import annotations

import hashlib
import logging
import shlex
import sqlite3
from collections.abc import Collection, Set
from pathlib import Path
from typing import Any

from nas_env.errors import StoreError
from nas_env.run import ledger
from nas_env.run.store._base import WHAT

FORMAT = 2  # of the file, in SQLite's user_version; evaluations of format 0 had rewards
BEFORE = 1  # the format that can be brought to it
LEDGER = "ledger"  # a table that is made when its first line is written
RECOVERIES = "recoveries"  # a table that is made when the file is recovered

SCHEMA = (
    f"PRAGMA user_version = {FORMAT}",
    """CREATE TABLE IF NOT EXISTS evaluations (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, evaluation TEXT NOT NULL,
    run TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS claims (
    key TEXT PRIMARY KEY, owner TEXT NOT NULL, heartbeat REAL NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS episodes (
    run TEXT NOT NULL, number INTEGER NOT NULL, record TEXT NOT NULL, checksum TEXT NOT NULL,
    PRIMARY KEY (run, number)) WITHOUT ROWID""",
)
TABLES = {
    "evaluations": "key, request, evaluation, run, checksum",
    "claims": "key, owner, heartbeat",
    "episodes": "run, number, record, checksum",
}
LINE = ", ".join(ledger.Line._fields)
LEDGER_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS {LEDGER} (
    number INTEGER PRIMARY KEY, time REAL NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    run TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, metric TEXT NOT NULL,
    value REAL NOT NULL, checksum TEXT NOT NULL)
"""
RECOVERIES_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS {RECOVERIES} (
    number INTEGER PRIMARY KEY, time REAL NOT NULL, damaged TEXT NOT NULL,
    ledger_whole INTEGER NOT NULL)
"""
_LOG = logging.getLogger(__name__)


def episode_checksum(run: str, number: int, record: str) -> str:
    """Return the checksum of an episode."""
    return _sha256(f"{run}\n{number}\n{record}")


def line_checksum(*line: Any) -> str:
    """Return the checksum of a line of the ledger, whose fields are given without its number."""
    time, *told, value = line
    return _sha256("\n".join(map(str, [_real(time), *told, _real(value)])))


def _real(value: Any) -> Any:
    """Return a number as SQLite gives it back, where it may have kept a whole one."""
    return float(value) if isinstance(value, int) else value


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


class OtherFormat(StoreError):
    """A file is whole, and of another version of this program, or of another program."""


class Damaged(sqlite3.DatabaseError):
    """A file is damaged, as SQLite itself would say if it looked."""

    def __init__(self, *told: str):
        super().__init__(*told)
        self.sqlite_errorcode = sqlite3.SQLITE_CORRUPT


def remedy(address: str) -> str:
    """Return what helps where a file is damaged."""
    return f"to read what is left: nas-store recover {shlex.quote(address)}"


def parts_of(connection: sqlite3.Connection, tables: Collection[str]) -> tuple[set[str], str]:
    """Return the names of what a database has, and the first that is none of some tables.

    A trigger or a view could change what is written and read. The first is for a message, as
    ``trigger 'x'``; it is empty where there is none.
    """
    found = connection.execute(
        "SELECT type, name FROM sqlite_master ORDER BY type, name"
    ).fetchall()
    own = [(kind, name) for kind, name in found if not name.startswith("sqlite_")]
    others = [f"{kind} {name!r}" for kind, name in own if kind != "table" or name not in tables]
    return {name for _, name in own}, "".join(others[:1])


def found_format(connection: sqlite3.Connection, address: str) -> tuple[set[str], int]:
    """Return the tables of a file and its format.

    Raises:
        OtherFormat: If it is another program's database, or of a version that cannot be read.
    """
    names, other = parts_of(connection, {*TABLES, LEDGER, RECOVERIES})
    if other:
        raise OtherFormat(f"{address} is not {WHAT}: it has a {other}")
    ((number,),) = connection.execute("PRAGMA user_version")
    if names and number not in (BEFORE, FORMAT):
        age = "an earlier" if number < FORMAT else "a later"
        raise OtherFormat(
            f"{address} was written by {age} version of this program (format {number}, "
            f"expected {FORMAT}), and cannot be read: move it away, or name another --store or "
            "--run"
        )
    check_columns(connection, names, number)
    return names, number


def check_columns(connection: sqlite3.Connection, tables: Set[str], number: int) -> None:
    """Check that tables have the columns of a format.

    Raises:
        sqlite3.DatabaseError: If one is missing.
    """
    for table in sorted(tables & TABLES.keys()):
        columns = TABLES[table]
        if number == BEFORE and table == "episodes":
            columns = columns.removesuffix(", checksum")
        connection.execute(f"SELECT {columns} FROM {table} LIMIT 0")


def make(connection: sqlite3.Connection, address: str) -> bool:
    """Make the tables that are missing, within a transaction; convert those of format 1.

    Returns:
        Whether there were none: no other process has made them meanwhile.
    """
    names, number = found_format(connection, address)
    if names and number == BEFORE:
        _convert(connection, names)
        line = "%s: brought from format %d to %d, which has a checksum of each episode"
        _LOG.warning(line, address, BEFORE, FORMAT)
    for statement in SCHEMA:
        connection.execute(statement)
    return not names


def _convert(connection: sqlite3.Connection, names: set[str]) -> None:
    """Add the checksums of episodes and ledger."""
    check_pages(connection)
    connection.create_function("episode_checksum", 3, episode_checksum, deterministic=True)
    connection.create_function("line_checksum", -1, line_checksum, deterministic=True)
    checksums = {
        "episodes": "episode_checksum(run, number, record)",
        LEDGER: f"line_checksum({LINE})",
    }
    for table in checksums.keys() & names:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN checksum TEXT NOT NULL DEFAULT ''")
        connection.execute(f"UPDATE {table} SET checksum = {checksums[table]}")


def check_pages(connection: sqlite3.Connection) -> None:
    """Check that the pages of a file hang together.

    Raises:
        Damaged: If they do not; the message has the first reason.
    """
    ((told,),) = connection.execute("PRAGMA integrity_check(1)")
    if told != "ok":
        raise Damaged(" ".join(told.split()).removeprefix("*** in database main *** "))


def check_size(connection: sqlite3.Connection, file: Path) -> None:
    """Check that a file is as long as it says; others may make it longer in the meantime.

    Raises:
        Damaged: If it was cut off, which SQLite notices only where it reads the end.
    """
    ((pages,),) = connection.execute("PRAGMA page_count")
    ((size,),) = connection.execute("PRAGMA page_size")
    if (there := file.stat().st_size) < pages * size:
        raise Damaged(f"it has {there:,} bytes of {pages * size:,}")
