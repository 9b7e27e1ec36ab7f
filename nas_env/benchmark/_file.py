"""The results of a benchmark in one SQLite file: one complete row for each finished job."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nas_env.benchmark._job import Job
from nas_env.errors import StoreError
from nas_env.run.paths import check_file, check_folder
from nas_env.run.store import parts_of
from nas_env.run.store.sqlite import JOURNAL

SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, job TEXT NOT NULL, record TEXT NOT NULL, checksum TEXT NOT NULL)
"""


class ResultsFile:
    """The finished jobs. Several processes may use the file, and be killed at any moment.

    Each row is committed by itself, with SQLite's rollback journal and ``synchronous=FULL``, and
    carries a checksum: a damaged row counts as not played.

    Args:
        path: The file; it is made if it does not exist.

    Raises:
        StoreError: If the file holds something else.
        InvalidValue: If there cannot be a file at this path.
    """

    def __init__(self, path: Path):
        self.path = path
        check_folder(path.parent, "the folder of a benchmark's results")
        path.parent.mkdir(parents=True, exist_ok=True)
        check_file(path, "a file of results", suffix=JOURNAL)
        with self._opened() as connection:
            if other := parts_of(connection, {"results"})[1]:
                raise StoreError(f"{path} is no file of results: it has a {other}")
            connection.execute(SCHEMA)

    def add(self, job: Job, record: dict[str, Any]) -> None:
        """Keep the record of a finished job; it is durable when this returns."""
        row = (job.key, job.to_json(), json.dumps(record))
        with self._opened() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", (*row, _checksum(*row))
            )

    def keys(self) -> set[str]:
        """Return the keys of the jobs that need not be played."""
        return {row[0] for row in self._rows()}

    def all(self) -> Iterator[tuple[Job, dict[str, Any]]]:
        """Yield every job with its record, in the order in which the jobs ended."""
        for _, job, record in self._rows():
            yield Job.from_json(job), json.loads(record)

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        """Yield key, job and record of every undamaged row."""
        with self._opened() as connection:
            query = "SELECT key, job, record, checksum FROM results ORDER BY rowid"
            for *row, checksum in connection.execute(query):
                if checksum == _checksum(*row):
                    yield row[0], row[1], row[2]

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self.path, timeout=60)
        except sqlite3.OperationalError as error:
            raise StoreError(f"{self.path}: {error}") from None
        try:
            with connection:
                connection.execute("PRAGMA synchronous=FULL")
                connection.text_factory = lambda raw: raw.decode(errors="replace")
                yield connection
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path} cannot be used for results: {error}") from None
        finally:
            connection.close()


def existing(path: Path) -> ResultsFile:
    """Open the results in a file that must exist.

    Raises:
        StoreError: If it does not.
    """
    if not path.is_file():
        raise StoreError(f"{path} does not exist; nas-benchmark run --results {path}")
    return ResultsFile(path)


def _checksum(*texts: str) -> str:
    """Return a checksum, which differs where damage replaced a letter."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
