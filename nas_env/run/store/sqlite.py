"""Evaluations in a file of SQLite, shared by the processes of one machine.

A rollback journal with ``synchronous=FULL``, not WAL: SQLite 3.40.1, which some builds of Python
3.11 carry, can corrupt a database when a WAL is reset (fixed in 3.51.3), and some fifty commits a
second are ample.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nas_env.errors import StoreError
from nas_env.run import ledger
from nas_env.run.owners import alive
from nas_env.run.paths import check_file
from nas_env.run.store._base import FORMAT, PAGE, UNFINISHED, WHAT, Claim, Episode, Row, Store

#: The format is in SQLite's user_version.
SCHEMA = f"""
BEGIN IMMEDIATE;
PRAGMA user_version = {FORMAT};
CREATE TABLE IF NOT EXISTS evaluations (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, evaluation TEXT NOT NULL,
    run TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claims (
    key TEXT PRIMARY KEY, owner TEXT NOT NULL, heartbeat REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS episodes (
    run TEXT NOT NULL, number INTEGER NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (run, number)) WITHOUT ROWID;
COMMIT;
"""
TABLES = {
    "evaluations": "key, request, evaluation, run, checksum",
    "claims": "key, owner, heartbeat",
    "episodes": "run, number, record",
}
LEDGER = "ledger"  # a table that is made when its first line is written
LEDGER_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS {LEDGER} (
    number INTEGER PRIMARY KEY, time REAL NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    run TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, metric TEXT NOT NULL,
    value REAL NOT NULL)
"""
IN_MEMORY = ":memory:"
JOURNAL = "-journal"  # what SQLite appends to the name of the file beside it


class SQLiteStore(Store):
    """The evaluations of one file, or of this process's memory.

    Args:
        path: The file; it is made if it does not exist. ``":memory:"`` keeps all in memory.
        run: Name of the run.
        read_only: Whether it is only read: then there must be a store.

    Raises:
        StoreError: If the file is not a store.
        InvalidValue: If there cannot be a file at this path.
    """

    def __init__(self, path: str | Path = IN_MEMORY, run: str = "", *, read_only: bool = False):
        super().__init__(str(path), run)
        self._read_only = read_only
        if self.address != IN_MEMORY:
            check_file(path, WHAT, suffix=JOURNAL, written=False)
        self._open()

    def _open(self, content: bytes | None = None) -> None:
        self._lock = threading.RLock()
        try:
            self._connection = self._connect()
            if content is not None:
                self._connection.deserialize(content)
            # A damaged text is read, and refused by its checksum.
            self._connection.text_factory = lambda raw: raw.decode(errors="replace")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("PRAGMA trusted_schema=OFF")
            if not self._has_tables() and not self._read_only:
                self._connection.executescript(SCHEMA)
            for table, columns in TABLES.items():
                self._connection.execute(f"SELECT {columns} FROM {table} LIMIT 0")
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.address} is not {WHAT}: {error}") from None

    def _connect(self) -> sqlite3.Connection:
        how: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}
        if not self._read_only:
            return sqlite3.connect(self.address, timeout=60, **how)
        address = f"{Path(self.address).absolute().as_uri()}?mode=ro"
        reading = sqlite3.connect(address, timeout=60, uri=True, **how)
        try:
            reading.execute("SELECT 1 FROM sqlite_master")
        except sqlite3.OperationalError as error:
            reading.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            # A process was killed as it wrote; who opens the file next takes its half back.
            return sqlite3.connect(self.address, timeout=60, **how)
        return reading

    def _has_tables(self) -> bool:
        """Return whether it is a store by now; refuse another program's or version's database."""
        names, other = parts_of(self._connection, {*TABLES, LEDGER})
        if other:
            raise StoreError(f"{self.address} is not {WHAT}: it has a {other}")
        ((found_format,),) = self._connection.execute("PRAGMA user_version")
        if names and found_format != FORMAT:
            age = "an earlier" if found_format < FORMAT else "a later"
            raise StoreError(
                f"{self.address} was written by {age} version of this program (format "
                f"{found_format}, expected {FORMAT}), and cannot be read: move it away, or name "
                "another --store or --run"
            )
        return names >= TABLES.keys()

    # -- evaluations -----------------------------------------------------------------------------
    def row(self, key: str) -> Row | None:
        """Return the row of a key, if there is one, also a corrupt one."""
        rows = self._read(f"SELECT {TABLES['evaluations']} FROM evaluations WHERE key = ?", key)
        return Row(*rows[0]) if rows else None

    def _page(self, after: str) -> list[Row]:
        query = f"SELECT {TABLES['evaluations']} FROM evaluations WHERE key > ? ORDER BY key"
        return [Row(*row) for row in self._read(f"{query} LIMIT {PAGE}", after)]

    def put_rows(self, rows: Sequence[Row], lines: Sequence[ledger.Line]) -> None:
        """See the base."""
        put, free = "INSERT OR REPLACE INTO evaluations VALUES (?,?,?,?,?)", "DELETE FROM claims"
        with self._writing():
            self._connection.executemany(put, rows)
            self._connection.executemany(f"{free} WHERE key = ?", [(row.key,) for row in rows])
            if lines:
                self._connection.execute(LEDGER_SCHEMA)
                self._connection.executemany(
                    f"INSERT INTO {LEDGER} ({', '.join(ledger.Line._fields)}) "
                    "VALUES (?,?,?,?,?,?,?,?)",
                    lines,
                )

    def lines(self) -> list[tuple[int, ledger.Line]]:
        """Return the lines of the ledger with their numbers; none where none was ever written."""
        if not self._read("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", LEDGER):
            return []
        columns = ", ".join(ledger.Line._fields)
        rows = self._read(f"SELECT number, {columns} FROM {LEDGER} ORDER BY number")
        return [(number, ledger.Line(*line)) for number, *line in rows]

    @property
    def unfinished(self) -> Path | None:
        """The folder beside the file; None of a store in memory."""
        return None if self.address == IN_MEMORY else Path(self.address + UNFINISHED)

    # -- claims ----------------------------------------------------------------------------------
    def _claim(self, key: str, again: bool) -> Claim:
        if self.address == IN_MEMORY:
            return "mine"
        with self._writing():
            if not again and self.get(key) is not None:
                return "answered"
            held = self._connection.execute(
                "SELECT owner, heartbeat FROM claims WHERE key = ?", (key,)
            ).fetchone()
            if held is not None and held[0] != self._owner and alive(*held):
                return "taken"
            self._connection.execute(
                "INSERT OR REPLACE INTO claims VALUES (?,?,?)", (key, self._owner, time.time())
            )
        return "mine"

    def _renew(self) -> None:
        with self._writing():
            self._connection.execute(
                "UPDATE claims SET heartbeat = ? WHERE owner = ?", (time.time(), self._owner)
            )

    def release(self, key: str) -> None:
        """Give up a claim without an evaluation."""
        with self._writing():
            self._connection.execute(
                "DELETE FROM claims WHERE key = ? AND owner = ?", (key, self._owner)
            )

    # -- episodes --------------------------------------------------------------------------------
    def _put_episodes(self, episodes: Sequence[Episode]) -> None:
        with self._writing():
            self._connection.executemany("INSERT OR REPLACE INTO episodes VALUES (?,?,?)", episodes)

    def _episodes(self, since: int, before: int) -> list[str]:
        query = "SELECT record FROM episodes WHERE run = ? AND number >= ? AND number < ?"
        numbers = self.run, since, before
        return [text for (text,) in self._read(f"{query} ORDER BY number", *numbers)]

    def _all_episodes(self) -> list[str]:
        return [text for (text,) in self._read("SELECT record FROM episodes ORDER BY run, number")]

    # -- machinery -------------------------------------------------------------------------------
    def _read(self, query: str, *values: Any) -> list[Any]:
        with self._reading():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.DatabaseError as error:
                raise StoreError(f"{self.address} cannot be used: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._reading():
            if self._connection.in_transaction:  # an interrupt came right after the last BEGIN
                self._connection.execute("ROLLBACK")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _close(self) -> None:
        with self._lock:
            self._connection.close()

    def __getstate__(self) -> dict[str, Any]:
        in_memory = self.address == IN_MEMORY
        content = self._connection.serialize() if in_memory else None
        return {"address": self.address, "run": self.run, "content": content}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__init__(state["address"], state["run"])
        self._read_only = False
        self._open(state["content"])


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
