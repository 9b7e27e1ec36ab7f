"""A connection to a file of SQLite, which waits for other processes and says what is wrong."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nas_env.errors import StoreError
from nas_env.run.store import _format
from nas_env.run.store._base import WHAT
from nas_env.run.store._format import TABLES, Damaged

IN_MEMORY = ":memory:"
BUSY = 60.0  # seconds that SQLite waits for other processes before it says so
PATIENCE = 600.0  # seconds that a store waits for them
#: What SQLite raises; it quotes a damaged file in its messages, which may then not be text.
DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)
EMPTY = "%s has 0 bytes, and begins as an empty store; if it was one, take a backup of it"
_LOG = logging.getLogger(__name__)


class File:
    """A connection to the file of a store, or to a store in memory.

    Args:
        address: The file, which is made if it does not exist, or ``":memory:"``.
        content: Content of a store in memory.
        read_only: Whether it is only read: then there must be a store.

    Attributes:
        connection: The connection.
        checked: Whether episodes and ledger have checksums: not in format 1, which is read as it is
            where it is only read.

    Raises:
        StoreError: If it is not a store.
    """

    def __init__(self, address: str, content: bytes | None = None, *, read_only: bool = False):
        self.address = address
        self._lock = threading.RLock()
        had_none = address != IN_MEMORY and _has_no_bytes(Path(address))
        try:
            self.connection = self._reader() if read_only else self._connect(address)
            if content is not None:
                self.connection.deserialize(content)
            # A damaged text is read, and refused by its checksum.
            self.connection.text_factory = lambda raw: raw.decode(errors="replace")
            self.connection.execute("PRAGMA synchronous=FULL")
            self.connection.execute("PRAGMA trusted_schema=OFF")
            names, number = self._look()
            if not read_only and (number != _format.FORMAT or not names >= TABLES.keys()):
                with self._transaction():
                    is_first = _format.make(self.connection, address)
                if had_none and is_first:
                    _LOG.warning(EMPTY, address)
                number = _format.FORMAT
            self.checked = number == _format.FORMAT
            _format.check_columns(self.connection, TABLES.keys(), number)
        except DAMAGE as error:
            raise self.refused(error, f"is not {WHAT}") from None

    def _connect(self, address: str, **how: Any) -> sqlite3.Connection:
        return sqlite3.connect(
            address, timeout=BUSY, isolation_level=None, check_same_thread=False, **how
        )

    def _reader(self) -> sqlite3.Connection:
        address = f"{Path(self.address).absolute().as_uri()}?mode=ro"
        reading = self._connect(address, uri=True)
        try:
            reading.execute("SELECT 1 FROM sqlite_master")
        except sqlite3.OperationalError as error:
            reading.close()
            if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            # A process was killed as it wrote; who opens the file next takes its half back.
            return self._connect(self.address)
        return reading

    def _look(self) -> tuple[set[str], int]:
        """Return the tables and the format; refuse a file that is cut off."""
        found = _format.found_format(self.connection, self.address)
        if self.address != IN_MEMORY:
            _format.check_size(self.connection, Path(self.address))
        return found

    def read(self, query: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        with self.using():
            return self._patiently(query, *values).fetchall()

    @contextmanager
    def using(self) -> Iterator[None]:
        """Let no other thread use the connection, and make one line of an error."""
        with self._lock:
            try:
                yield
            except DAMAGE as error:
                raise self.refused(error, "cannot be used") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection for one transaction, which is durable at the end of the block."""
        with self.using(), self._transaction():
            yield self.connection

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self.connection.in_transaction:  # an interrupt came right after the last BEGIN
            self.connection.execute("ROLLBACK")
        self._patiently("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        self._patiently("COMMIT")

    def _patiently(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Execute a statement; where other processes keep the file busy, say so and wait."""
        since, told = time.monotonic(), False
        while True:
            try:
                return self.connection.execute(statement, values)
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() - since > PATIENCE:
                    raise
                if not told:
                    line = "%s: kept busy by other processes; waiting for at most %.0f minutes"
                    _LOG.warning(line, self.address, PATIENCE / 60)
                told = True

    def refused(self, error: Exception, otherwise: str = "") -> StoreError:
        """Return one line for what SQLite refuses, with what helps."""
        if not isinstance(error, sqlite3.DatabaseError):
            error = Damaged("its own description is not text")
        code, help = _code(error), _format.remedy(self.address)
        reason = " ".join(str(error).split())  # it may quote lines of the file
        if code == sqlite3.SQLITE_CORRUPT:
            return StoreError(f"{self.address} is damaged: {reason}; {help}")
        if code == sqlite3.SQLITE_NOTADB:
            return StoreError(f"{self.address} is not {WHAT}: {reason}; if it was one, {help}")
        if code == sqlite3.SQLITE_BUSY:
            waited = f"other processes have kept it busy for {PATIENCE / 60:.0f} minutes"
            server = "let fewer write to it, or take a server (docs/store.md)"
            return StoreError(f"{self.address} cannot be used: {waited}; {server}")
        return StoreError(f"{self.address} {otherwise}: {reason}")


def _has_no_bytes(file: Path) -> bool:
    """Return whether a file is there and empty; another process may be about to fill it."""
    return file.is_file() and not file.stat().st_size


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary code of an error; 0 of one of Python's own, as of a closed store."""
    return vars(error).get("sqlite_errorcode", 0) & 0xFF
