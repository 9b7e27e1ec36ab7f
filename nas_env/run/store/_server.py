"""A connection to a server of PostgreSQL that may be lost at any moment, and is made again."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from nas_env.errors import StoreError
from nas_env.run.store._address import secrets

PATIENCE = 600.0  # seconds that a store waits for its server
PAUSE = 0.1, 2.0  # seconds between two tries, at first and at most
#: SQLSTATEs after which the same transaction may succeed: the server stops or starts, has too many
#: connections, has become a standby, or two transactions were in each other's way.
PASSING = {"57P01", "57P02", "57P03", "57P05", "53300", "25006", "25P03", "40001", "40P01"}
#: Settings of a connection, so that it finds out that nobody is there any more; an address may say
#: otherwise.
DEFAULTS = {
    "application_name": "nas-env",
    "client_encoding": "UTF8",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
#: What is durable stays so, and no transaction of a process that hangs holds up the others.
SETTINGS = """
SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off';
SET idle_in_transaction_session_timeout = '60s'
"""
_LOG = logging.getLogger(__name__)
_reached: set[str] = set()  # addresses that were reached in this process

Connection = psycopg.Connection[tuple[Any, ...]]
Result = TypeVar("Result")


class Server:
    """A connection for the transactions of one store.

    Where the connection is lost, it waits for the server and does the whole transaction again. So
    a transaction must have the same effect when it is done twice: whether a server that died had
    committed it is not known.

    Args:
        address: The address, without its password.
        patience: Seconds to wait for the server.

    Attributes:
        hurried: Set where nobody is to wait any more.
    """

    def __init__(self, address: str, patience: float = PATIENCE):
        self.address, self.patience = address, patience
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._process = os.getpid()
        self.hurried = threading.Event()
        self._closed = False

    def do(
        self, work: Callable[[Connection], Result], *, wait: bool = True, one: bool = False
    ) -> Result:
        """Do work in one transaction; it is committed when this returns.

        Args:
            work: Function that takes the connection; it may be called several times.
            wait: Whether to wait where the server does not answer.
            one: Whether it is one statement, a transaction by itself, which saves round trips.

        Raises:
            StoreError: If the server refuses it, or does not come back in time.
        """
        with self._lock:
            since, told, pause = time.monotonic(), False, 0.0
            while True:
                try:
                    connection = self._connected()
                    with nullcontext() if one else connection.transaction():
                        found = work(connection)
                except psycopg.Error as error:
                    if not self._may_pass(error) or not wait or self.hurried.is_set():
                        raise StoreError(self._line(error)) from None
                    if time.monotonic() - since > self.patience:
                        waited = f"after {self.patience:.0f} seconds of waiting"
                        raise StoreError(f"{self._line(error)} ({waited})") from None
                    if pause and not told:  # a connection that was lost is made anew in silence
                        told = self._tell(error)
                    self._drop()
                    self.hurried.wait(pause)
                    pause = min(max(2 * pause, PAUSE[0]), PAUSE[1])
                else:
                    _reached.add(self.address)
                    if told:
                        waited = time.monotonic() - since
                        _LOG.warning("%s answers again after %.0f s", self.address, waited)
                    return found

    def close(self) -> None:
        """Close the connection; who waits for the server gives up."""
        self._closed = True
        self.hurried.set()
        with self._lock:
            self._drop()

    def _connected(self) -> Connection:
        """Return the connection, made anew where it is lost or an interrupt came into it."""
        if self._closed:
            raise psycopg.InterfaceError("it is closed")
        if self._process != os.getpid():  # the other process goes on with it
            self._connection, self._process = None, os.getpid()
        found = self._connection
        if found is not None and found.info.transaction_status != TransactionStatus.IDLE:
            self._drop()
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> Connection:
        given = {**DEFAULTS, **conninfo_to_dict(self.address), **secrets(self.address)}
        # A transaction begins where one is wanted; nothing is prepared, since a pooler in between
        # may give each transaction another server.
        made = psycopg.connect(make_conninfo(**given), autocommit=True, prepare_threshold=None)
        made.execute(SETTINGS)
        return made

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _may_pass(self, error: psycopg.Error) -> bool:
        """Tell whether a later try may succeed: not where the server was never reached."""
        if self.address not in _reached or _wants_password(error):
            return False
        if error.sqlstate is not None:
            return error.sqlstate in PASSING or error.sqlstate.startswith("08")
        return isinstance(error, psycopg.OperationalError)

    def _line(self, error: psycopg.Error) -> str:
        """Return one line about an error; it has no password, since the address had none."""
        text = error.diag.message_primary or str(error).partition("\n")[0]
        if _wants_password(error):
            text += "; set PGPASSWORD, or write the password to ~/.pgpass"
        return f"{self.address} cannot be used: {text}"

    def _tell(self, error: psycopg.Error) -> bool:
        line, minutes = self._line(error), self.patience / 60
        _LOG.warning("%s; waiting for it, at most %.0f minutes", line, minutes)
        return True


def _wants_password(error: psycopg.Error) -> bool:
    """Tell whether a connection was refused because there was no password."""
    return error.pgconn is not None and error.pgconn.needs_password
