"""Evaluations in a file of SQLite, shared by the processes of one machine.

A rollback journal with ``synchronous=FULL``, not WAL: SQLite 3.40.1, which some builds of Python
3.11 carry, can corrupt a database when a WAL is reset (fixed in 3.51.3), and some fifty commits a
second are ample.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nas_env.run import ledger
from nas_env.run.owners import alive
from nas_env.run.paths import check_file
from nas_env.run.store import _format
from nas_env.run.store._base import (
    PAGE,
    UNFINISHED,
    WHAT,
    Claim,
    Episode,
    Recovery,
    Row,
    Store,
)
from nas_env.run.store._file import IN_MEMORY, File
from nas_env.run.store._format import LEDGER, LINE, RECOVERIES, TABLES, Damaged

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
        if self.address != IN_MEMORY:
            check_file(path, WHAT, suffix=JOURNAL, written=False)
        self._file = File(self.address, read_only=read_only)

    def verify(self) -> None:
        """See the base: the pages hang together, and the ledger is whole."""
        with self._file.using():
            _format.check_pages(self._file.connection)
        self.lines()

    # -- evaluations -----------------------------------------------------------------------------
    def row(self, key: str) -> Row | None:
        """Return the row of a key, if there is one, also a corrupt one."""
        query = f"SELECT {TABLES['evaluations']} FROM evaluations WHERE key = ?"
        rows = self._file.read(query, key)
        return Row(*rows[0]) if rows else None

    def _page(self, after: str) -> list[Row]:
        query = f"SELECT {TABLES['evaluations']} FROM evaluations WHERE key > ? ORDER BY key"
        return [Row(*row) for row in self._file.read(f"{query} LIMIT {PAGE}", after)]

    def put_rows(self, rows: Sequence[Row], lines: Sequence[ledger.Line]) -> None:
        """See the base."""
        put, free = "INSERT OR REPLACE INTO evaluations VALUES (?,?,?,?,?)", "DELETE FROM claims"
        with self._file.writing() as connection:
            connection.executemany(put, rows)
            connection.executemany(f"{free} WHERE key = ?", [(row.key,) for row in rows])
            if lines:
                connection.execute(_format.LEDGER_SCHEMA)
                connection.executemany(
                    f"INSERT INTO {LEDGER} ({LINE}, checksum) VALUES (?,?,?,?,?,?,?,?,?)",
                    [(*line, _format.line_checksum(*line)) for line in lines],
                )

    def lines(self) -> list[tuple[int, ledger.Line]]:
        """Return the lines of the ledger with their numbers; none where none was ever written.

        Raises:
            StoreError: If one is damaged or missing.
        """
        if not self._has(LEDGER):
            return []
        found, checksum = [], "checksum" if self._file.checked else "NULL"
        rows = self._file.read(f"SELECT number, {checksum}, {LINE} FROM {LEDGER} ORDER BY number")
        for expected, (number, kept, *line) in enumerate(rows, 1):
            whole = not self._file.checked or kept == _format.line_checksum(*line)
            if number != expected or not whole:
                damaged = Damaged(f"line {expected} of its ledger of test sets is not as written")
                raise self._file.refused(damaged)
            found.append((number, ledger.Line(*line)))
        return found

    def recoveries(self) -> list[Recovery]:
        """See the base."""
        if not self._has(RECOVERIES):
            return []
        query = f"SELECT time, damaged, ledger_whole FROM {RECOVERIES} ORDER BY number"
        return [Recovery(time, kept, bool(whole)) for time, kept, whole in self._file.read(query)]

    def note_recovery(self, recovery: Recovery) -> None:
        """Keep that the file is what was read of a damaged one."""
        with self._file.writing() as connection:
            connection.execute(_format.RECOVERIES_SCHEMA)
            insert = f"INSERT INTO {RECOVERIES} (time, damaged, ledger_whole) VALUES (?,?,?)"
            connection.execute(insert, recovery)

    def _has(self, table: str) -> bool:
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return bool(self._file.read(query, table))

    @property
    def unfinished(self) -> Path | None:
        """The folder beside the file; None of a store in memory."""
        return None if self.address == IN_MEMORY else Path(self.address + UNFINISHED)

    # -- claims ----------------------------------------------------------------------------------
    def _claim(self, key: str, again: bool) -> Claim:
        if self.address == IN_MEMORY:
            return "mine"
        with self._file.writing() as connection:
            if not again and self.get(key) is not None:
                return "answered"
            query = "SELECT owner, heartbeat FROM claims WHERE key = ?"
            held = connection.execute(query, (key,)).fetchone()
            if held is not None and held[0] != self._owner and alive(*held):
                return "taken"
            claim = key, self._owner, time.time()
            connection.execute("INSERT OR REPLACE INTO claims VALUES (?,?,?)", claim)
        return "mine"

    def _renew(self) -> None:
        with self._file.writing() as connection:
            update = "UPDATE claims SET heartbeat = ? WHERE owner = ?"
            connection.execute(update, (time.time(), self._owner))

    def release(self, key: str) -> None:
        """Give up a claim without an evaluation."""
        with self._file.writing() as connection:
            delete = "DELETE FROM claims WHERE key = ? AND owner = ?"
            connection.execute(delete, (key, self._owner))

    # -- episodes --------------------------------------------------------------------------------
    def put_episodes(self, episodes: Sequence[Episode]) -> None:
        """See the base."""
        rows = [(*each, _format.episode_checksum(*each)) for each in episodes]
        with self._file.writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO episodes VALUES (?,?,?,?)", rows)

    def _episodes(self, since: int, before: int) -> list[str]:
        where = "WHERE run = ? AND number >= ? AND number < ? ORDER BY number"
        return self._whole(where, self.run, since, before, since=since)

    def _all_episodes(self) -> list[str]:
        return self._whole("ORDER BY run, number")

    def _whole(self, where: str, *values: Any, since: int = 0) -> list[str]:
        """Return the records of episodes; refuse one that is not as written, or is missing."""
        following: dict[str, int] = {}
        checksum = "checksum" if self._file.checked else "NULL"
        query = f"SELECT run, number, record, {checksum} FROM episodes {where}"
        rows = self._file.read(query, *values)
        for *episode, kept in rows:
            run, number, _ = episode
            expected = following.get(run, since)
            whole = not self._file.checked or kept == _format.episode_checksum(*episode)
            if number != expected or not whole:
                damaged = Damaged(f"it has a damaged episode, {expected} of run {run!r}")
                raise self._file.refused(damaged)
            following[run] = number + 1
        return [record for _, _, record, _ in rows]

    # -- machinery -------------------------------------------------------------------------------
    def _close(self) -> None:
        with self._file.using():
            self._file.connection.close()

    def __getstate__(self) -> dict[str, Any]:
        in_memory = self.address == IN_MEMORY
        content = self._file.connection.serialize() if in_memory else None
        return {"address": self.address, "run": self.run, "content": content}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__init__(state["address"], state["run"])
        self._file = File(self.address, state["content"])
