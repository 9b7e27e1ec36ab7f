"""Evaluations in a database of PostgreSQL, shared by the processes of many machines."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas_env.errors import InvalidValue, StoreError
from nas_env.run import ledger
from nas_env.run.owners import DEAD_AFTER, gone, here
from nas_env.run.store._base import PAGE, Claim, Episode, Row, Store

if TYPE_CHECKING:
    from nas_env.run.store._server import Connection

FORMAT = 1  # of the tables; the pages have the server's own checksums

#: All is in a schema of its own, so that the database may hold other tables too. Keys and runs
#: are in the order of their bytes, as in a file. A line of the ledger has a mark, so that one that
#: is written again is the same.
SCHEMA = """
CREATE SCHEMA nas_env;
CREATE TABLE nas_env.evaluations (
    key TEXT COLLATE "C" PRIMARY KEY, request TEXT NOT NULL, evaluation TEXT NOT NULL,
    run TEXT NOT NULL, checksum TEXT NOT NULL);
CREATE TABLE nas_env.claims (
    key TEXT COLLATE "C" PRIMARY KEY, owner TEXT NOT NULL, heartbeat TIMESTAMPTZ NOT NULL);
CREATE TABLE nas_env.episodes (
    run TEXT COLLATE "C", number BIGINT, record TEXT NOT NULL, PRIMARY KEY (run, number));
CREATE TABLE nas_env.ledger (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mark TEXT NOT NULL,
    time FLOAT8 NOT NULL, host TEXT NOT NULL, pid BIGINT NOT NULL, run TEXT NOT NULL,
    key TEXT NOT NULL, request TEXT NOT NULL, metric TEXT NOT NULL, value FLOAT8 NOT NULL,
    UNIQUE (mark));
CREATE TABLE nas_env.about (format INTEGER NOT NULL)
"""
COLUMNS = "key, request, evaluation, run, checksum"
LINE = "time, host, pid, run, key, request, metric, value"  # the fields of a Line
LOCK = 820_261_127  # of the making of the tables, among the database's advisory locks

#: An evaluation, and who has claimed it, with the seconds of silence: those since the server has
#: started, since nobody can be heard by one that is down.
LOOK = f"""
SELECT {COLUMNS}, owner, heartbeat, extract(epoch FROM clock_timestamp()
    - greatest(heartbeat, pg_postmaster_start_time()))::float8
FROM (VALUES (%s)) AS asked (key)
    LEFT JOIN nas_env.evaluations USING (key) LEFT JOIN nas_env.claims USING (key)
"""
#: A claim is taken of nobody, of oneself, or of an owner that was seen to be dead.
TAKE = """
INSERT INTO nas_env.claims AS held VALUES (%(key)s, %(own)s, clock_timestamp())
ON CONFLICT (key) DO UPDATE SET owner = excluded.owner, heartbeat = excluded.heartbeat
    WHERE held.owner = %(own)s OR (held.owner = %(dead)s AND held.heartbeat = %(heard)s)
"""
PUT = f"""
INSERT INTO nas_env.evaluations ({COLUMNS}) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (key) DO UPDATE SET request = excluded.request, evaluation = excluded.evaluation,
    run = excluded.run, checksum = excluded.checksum
"""
PUT_LINE = f"""
INSERT INTO nas_env.ledger (mark, {LINE}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (mark) DO NOTHING
"""
PUT_EPISODE = """
INSERT INTO nas_env.episodes (run, number, record) VALUES (%s, %s, %s)
ON CONFLICT (run, number) DO UPDATE SET record = excluded.record
"""


class PostgreSQLStore(Store):
    """The evaluations of a database on a server.

    Args:
        address: Address of the database, without a password.
        run: Name of the run.
        unfinished: Folder for trainings that are under way.
        read_only: Whether it is only read: then nothing is made in the database.

    Raises:
        StoreError: If the server cannot be used.
        InvalidValue: If psycopg is not installed.
    """

    def __init__(
        self,
        address: str,
        run: str = "",
        unfinished: Path | None = None,
        *,
        read_only: bool = False,
    ):
        super().__init__(address, run)
        self._unfinished = unfinished
        try:
            from nas_env.run.store._server import Server
        except ImportError:
            raise InvalidValue(f"{address} needs psycopg: pip install 'nas-env[cluster]'") from None
        self._server = Server(address)
        if not read_only:
            self._server.do(self._make_tables)

    def _host(self) -> str:
        return here()

    def _make_tables(self, connection: Connection) -> None:
        """Make the tables where there are none; refuse those of another version."""
        if connection.execute("SHOW fsync").fetchone() != ("on",):
            line = "%s: the server has fsync = off: what it stores may be lost with its machine"
            logging.getLogger(__name__).warning(line, self.address)
        # Read of the catalogue, not asked by to_regclass, which may answer from before the wait.
        made = "SELECT FROM pg_tables WHERE schemaname = 'nas_env' AND tablename = 'about'"
        there = connection.execute(made).rowcount
        if not there:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            there = connection.execute(made).rowcount
        if not there:
            connection.execute(SCHEMA)
            connection.execute("INSERT INTO nas_env.about VALUES (%s)", (FORMAT,))
        ((found,),) = connection.execute("SELECT format FROM nas_env.about").fetchall()
        if found != FORMAT:
            age = "an earlier" if found < FORMAT else "a later"
            raise StoreError(
                f"{self.address} was written by {age} version of this program (format {found}, "
                f"expected {FORMAT}), and cannot be read: name another --store"
            )

    # -- evaluations -----------------------------------------------------------------------------
    def row(self, key: str) -> Row | None:
        """Return the row of a key, if there is one, also a corrupt one."""
        return self._server.do(lambda connection: _row(connection, key), one=True)

    def _page(self, after: str) -> list[Row]:
        query = f"SELECT {COLUMNS} FROM nas_env.evaluations WHERE key > %s ORDER BY key LIMIT %s"
        return [Row(*row) for row in self._read(query, after, PAGE)]

    def put_rows(self, rows: Sequence[Row], lines: Sequence[ledger.Line]) -> None:
        """See the base."""
        keys = [row.key for row in rows]
        marks = [secrets.token_hex(16) for _ in lines]

        def put(connection: Connection) -> None:
            cursor = connection.cursor()
            cursor.executemany(PUT, rows)
            cursor.execute("DELETE FROM nas_env.claims WHERE key = ANY(%s)", (keys,))
            if lines:
                cursor.executemany(PUT_LINE, [(m, *x) for m, x in zip(marks, lines, strict=True)])

        self._server.do(put)

    def lines(self) -> list[tuple[int, ledger.Line]]:
        """Return the lines of the ledger, numbered from 1 as they were written."""
        rows = self._read(f"SELECT {LINE} FROM nas_env.ledger ORDER BY number")
        return [(number, ledger.Line(*line)) for number, line in enumerate(rows, 1)]

    @property
    def unfinished(self) -> Path | None:
        """The folder that was named when the store was opened."""
        return self._unfinished

    # -- claims ----------------------------------------------------------------------------------
    def _claim(self, key: str, again: bool) -> Claim:
        ((*row, owner, heard, silent),) = self._read(LOOK, key)
        known = None if row[1] is None else Row(*row)
        if not again and self._answer(known) is not None:
            return "answered"
        if owner not in (None, self._owner) and silent < DEAD_AFTER and not gone(owner):
            return "taken"
        taking = {"key": key, "own": self._owner, "dead": owner, "heard": heard}

        def take(connection: Connection) -> Claim:
            if not connection.execute(TAKE, taking).rowcount:
                return "taken"
            # One that held it has stored its evaluation in the meantime, or it is ours.
            if not again and self._answer(_row(connection, key)) is not None:
                self._give_up(connection, key)
                return "answered"
            return "mine"

        return self._server.do(take)

    def _renew(self) -> None:
        beat = "UPDATE nas_env.claims SET heartbeat = clock_timestamp() WHERE owner = %s"
        own = (self._owner,)
        self._server.do(lambda made: made.execute(beat, own), wait=False, one=True)

    def release(self, key: str) -> None:
        """Give up a claim without an evaluation."""
        self._server.do(lambda connection: self._give_up(connection, key), one=True)

    def _give_up(self, connection: Connection, key: str) -> None:
        delete = "DELETE FROM nas_env.claims WHERE key = %s AND owner = %s"
        connection.execute(delete, (key, self._owner))

    # -- episodes --------------------------------------------------------------------------------
    def put_episodes(self, episodes: Sequence[Episode]) -> None:
        """See the base."""
        self._server.do(lambda made: made.cursor().executemany(PUT_EPISODE, episodes))

    def _episodes(self, since: int, before: int) -> list[str]:
        query = (
            "SELECT record FROM nas_env.episodes WHERE run = %s AND number >= %s AND number < %s"
        )
        numbers = self.run, since, before
        return [text for (text,) in self._read(f"{query} ORDER BY number", *numbers)]

    def _all_episodes(self) -> list[str]:
        query = "SELECT record FROM nas_env.episodes ORDER BY run, number"
        return [text for (text,) in self._read(query)]

    # -- machinery -------------------------------------------------------------------------------
    def _read(self, query: Any, *values: Any) -> list[Any]:
        return self._server.do(lambda made: made.execute(query, values).fetchall(), one=True)

    def stop_waiting(self) -> None:
        """See the base: who waits gets the error."""
        self._server.hurried.set()

    def _close(self) -> None:
        self._server.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"address": self.address, "run": self.run, "unfinished": self._unfinished}

    def __setstate__(self, state: dict[str, Any]) -> None:
        PostgreSQLStore.__init__(self, **state)


def _row(connection: Connection, key: str) -> Row | None:
    query = f"SELECT {COLUMNS} FROM nas_env.evaluations WHERE key = %s"
    rows = connection.execute(query, (key,)).fetchall()
    return Row(*rows[0]) if rows else None
