"""Evaluations in SQLite: durable before their reward is seen, never trained twice.

A rollback journal with ``synchronous=FULL``, not WAL: SQLite 3.40.1, which some builds of Python
3.11 carry, can corrupt a database when a WAL is reset (fixed in 3.51.3), and some fifty commits a
second are ample. A checksum a row, since half of random bit flips pass SQLite's own check.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from nas_env.errors import StoreError
from nas_env.records import Evaluation, Request
from nas_env.run import ledger
from nas_env.run.owners import HEARTBEAT, alive, process_start
from nas_env.run.paths import check_file

FORMAT = 1  # of what is stored, in SQLite's user_version; before the first it was 0
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
WHAT = "a store of evaluations"
IN_MEMORY = ":memory:"
UNFINISHED = ".unfinished"  # what is appended for the folder of unfinished trainings
JOURNAL = "-journal"  # what SQLite appends to the name of the file beside it

_numbers = itertools.count()

Claim = Literal["mine", "answered", "taken"]


class Store:
    """The evaluations of one file, shared by any number of processes.

    Args:
        path: The file; it is made if it does not exist. ``":memory:"`` keeps all in memory.
        run: Name of the run; failures of the moment answer only within their run.

    Raises:
        StoreError: If the file is not a store.
        InvalidValue: If there cannot be a file at this path.
    """

    def __init__(self, path: str | Path = IN_MEMORY, run: str = ""):
        self.path, self.run = str(path), run
        if self.path != IN_MEMORY:
            check_file(path, WHAT, suffix=JOURNAL, written=False)
        self._open()

    def _open(self, content: bytes | None = None) -> None:
        self._lock = threading.RLock()
        self._beating: threading.Event | None = None
        # An open store, not a process, owns claims: two of one process do not train the same key.
        number = next(_numbers)
        self._owner = f"{socket.gethostname()} {os.getpid()} {process_start(os.getpid())} {number}"
        try:
            self._connection = sqlite3.connect(
                self.path, timeout=60, isolation_level=None, check_same_thread=False
            )
            if content is not None:
                self._connection.deserialize(content)
            # A damaged text is read, and refused by its checksum.
            self._connection.text_factory = lambda raw: raw.decode(errors="replace")
            self._connection.execute("PRAGMA synchronous=FULL")
            if not self._has_tables():
                self._connection.executescript(SCHEMA)
            for table, columns in TABLES.items():
                self._connection.execute(f"SELECT {columns} FROM {table} LIMIT 0")
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} is not a store of evaluations: {error}") from None

    def _has_tables(self) -> bool:
        """Return whether it is a store by now; refuse another program's or version's database."""
        found = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = {name for (name,) in found if not name.startswith("sqlite_")}
        others = sorted(names - TABLES.keys() - {ledger.TABLE})
        if others:
            raise StoreError(
                f"{self.path} is not a store of evaluations: it has a table {others[0]!r}"
            )
        ((found_format,),) = self._connection.execute("PRAGMA user_version")
        if names and found_format != FORMAT:
            age = "an earlier" if found_format < FORMAT else "a later"
            raise StoreError(
                f"{self.path} was written by {age} version of this program (format {found_format}, "
                f"expected {FORMAT}), and cannot be read: move it away, or name another --store "
                "or --run"
            )
        return names >= TABLES.keys()

    # -- evaluations -----------------------------------------------------------------------------
    def get(self, key: str) -> Evaluation | None:
        """Return the evaluation that answers for a key, if there is one."""
        with self._reading():
            row = self._connection.execute(
                "SELECT evaluation, request, run, checksum FROM evaluations WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            return None
        text, request, run, checksum = row
        if checksum != _checksum(key, request, text):
            logging.getLogger(__name__).warning(
                "%s: the row of %s is corrupt and is evaluated again", self.path, key[:12]
            )
            return None
        evaluation = Evaluation.from_json(text)
        return evaluation if evaluation.is_fact or run == self.run else None

    def put(self, request: Request, evaluation: Evaluation) -> None:
        """Store an evaluation durably, and give up the claim on it.

        What it has read of a test set is in the ledger in the same instant.
        """
        asked, text = request.to_json(), evaluation.to_json()
        row = (request.key, asked, text, self.run, _checksum(request.key, asked, text))
        with self._writing():
            self._connection.execute("INSERT OR REPLACE INTO evaluations VALUES (?,?,?,?,?)", row)
            self._connection.execute("DELETE FROM claims WHERE key = ?", (request.key,))
            if request.split == "final" and evaluation.metrics:
                ledger.write(self._connection, self.run, request, evaluation)

    def readings(self) -> list[ledger.Reading]:
        """Return every reading of a test set, of all runs that used this file, in order."""
        with self._reading():
            return ledger.read(self._connection)

    def evaluations(self) -> list[tuple[Request, Evaluation]]:
        """Return all evaluations in the order of their keys, except corrupt rows."""
        with self._reading():
            rows = self._connection.execute(
                "SELECT key, request, evaluation, checksum FROM evaluations ORDER BY key"
            ).fetchall()
        whole = [(r, e) for key, r, e, checksum in rows if checksum == _checksum(key, r, e)]
        return [(Request(**json.loads(r)), Evaluation.from_json(e)) for r, e in whole]

    @property
    def unfinished(self) -> Path | None:
        """The folder of trainings that are under way, beside the file; None of a store in memory.

        Who has claimed a key may use what is there of that name.
        """
        return None if self.path == IN_MEMORY else Path(self.path + UNFINISHED)

    # -- claims ----------------------------------------------------------------------------------
    def claim(self, key: str, *, again: bool = False) -> Claim:
        """Try to become the one process that trains a child.

        Args:
            key: Name of the evaluation.
            again: Whether it is to be trained though an evaluation is there.

        Returns:
            ``"mine"``; ``"answered"`` if an evaluation is there by now; ``"taken"`` if another
            living process holds it.
        """
        if self.path == IN_MEMORY:
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
        self._start_heart()
        return "mine"

    def release(self, key: str) -> None:
        """Give up a claim without an evaluation."""
        with self._writing():
            self._connection.execute(
                "DELETE FROM claims WHERE key = ? AND owner = ?", (key, self._owner)
            )

    def _start_heart(self) -> None:
        if self._beating is None:
            self._beating = threading.Event()
            threading.Thread(target=self._beat, args=(self._beating,), daemon=True).start()

    def _beat(self, stopped: threading.Event) -> None:
        while not stopped.wait(HEARTBEAT):
            with suppress(StoreError), self._writing():  # it beats again
                self._connection.execute(
                    "UPDATE claims SET heartbeat = ? WHERE owner = ?", (time.time(), self._owner)
                )

    # -- episodes --------------------------------------------------------------------------------
    def record_episodes(self, first: int, records: Sequence[dict[str, Any]]) -> None:
        """Write episodes in one commit; they replace episodes of the same numbers."""
        rows = [(self.run, first + i, json.dumps(record)) for i, record in enumerate(records)]
        with self._writing():
            self._connection.executemany("INSERT OR REPLACE INTO episodes VALUES (?,?,?)", rows)

    def episodes(self, before: int | None = None) -> list[dict[str, Any]]:
        """Return the episodes of this run in order, up to the one with number ``before``."""
        last = before if before is not None else 2**62
        with self._reading():
            rows = self._connection.execute(
                "SELECT record FROM episodes WHERE run = ? AND number < ? ORDER BY number",
                (self.run, last),
            ).fetchall()
        return self._records(rows)

    def all_episodes(self) -> list[dict[str, Any]]:
        """Return the episodes of every run that used this file, run by run."""
        with self._reading():
            rows = self._connection.execute(
                "SELECT record FROM episodes ORDER BY run, number"
            ).fetchall()
        return self._records(rows)

    def _records(self, rows: Sequence[tuple[str]]) -> list[dict[str, Any]]:
        try:
            return [json.loads(row[0]) for row in rows]
        except (ValueError, RecursionError) as error:
            raise StoreError(f"{self.path} has a damaged episode: {error}") from None

    # -- machinery -------------------------------------------------------------------------------
    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.DatabaseError as error:
                raise StoreError(f"{self.path} cannot be used: {error}") from error

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

    def close(self) -> None:
        """Close the file; a closed store stays closed."""
        if self._beating is not None:
            self._beating.set()
        with self._lock:
            self._connection.close()

    def __getstate__(self) -> dict[str, Any]:
        in_memory = self.path == IN_MEMORY
        content = self._connection.serialize() if in_memory else None
        return {"path": self.path, "run": self.run, "content": content}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.path, self.run = state["path"], state["run"]
        self._open(state["content"])


def _checksum(key: str, request: str, evaluation: str) -> str:
    return hashlib.sha256(f"{key}\n{request}\n{evaluation}".encode()).hexdigest()
