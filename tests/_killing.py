"""Forks work off a process that has everything imported, and stops it before a chosen step.

A step is what lasts: a transaction's begin and end, a table that is altered, a file that is synced,
renamed or deleted. Steps are counted, not timed, so that a busy machine stops the work at the same
place.
"""

import contextlib
import itertools
import os
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

FILES = ("fsync", "replace", "unlink")
STATEMENTS = ("BEGIN", "ALTER", "COMMIT")


def killed_at(step: int, work: Callable[[], int | None]) -> bool:
    """Run ``work`` in a fork and ``kill -9`` it before a step, counted from 1.

    Returns:
        Whether it was killed; a fork that ended by itself must have ended well.
    """
    status = stopped_at(step, work, signal.SIGKILL)
    assert status in (0, -signal.SIGKILL)
    return status != 0


def stopped_at(step: int, work: Callable[[], int | None], number: int) -> int:
    """Run ``work`` in a fork that sends itself a signal before a step; return its exit status.

    Steps of a database are counted for SIGKILL alone: SQLite swallows what a handler raises there.
    """
    process = forked(lambda: (_stop_at(step, number), work())[1])
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def forked(work: Callable[[], int | None]) -> int:
    """Run ``work`` in a fork, whose number is returned; it ends with the status of the work."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
            status = int(work() or 0)
        except SystemExit as ending:
            status = int(ending.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    return process


def _stop_at(step: int, number: int) -> None:
    """Count the steps of this process from here on."""
    steps, connect = itertools.count(1), sqlite3.connect

    def count() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), number)

    def counted(function):
        return lambda *args, **rest: (count(), function(*args, **rest))[1]

    def connected(*args, **rest):
        connection = connect(*args, **rest)
        connection.set_trace_callback(
            lambda statement: count() if statement.startswith(STATEMENTS) else None
        )
        return connection

    @contextlib.contextmanager
    def transaction(connection, *args, **rest):
        count()
        with begin(connection, *args, **rest) as found:
            yield found
            count()

    for name in FILES:
        setattr(os, name, counted(getattr(os, name)))
    if number == signal.SIGKILL:
        sqlite3.connect = connected
        with contextlib.suppress(ImportError):
            import psycopg

            begin = psycopg.Connection.transaction
            psycopg.Connection.transaction = transaction


def append(path: Path, line: str) -> None:
    """Add a line that is on disk when this returns."""
    with path.open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
