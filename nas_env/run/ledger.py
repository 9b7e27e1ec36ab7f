"""The ledger of a store: each reading of a test set, who made it, and what it showed."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nas_env.records import Evaluation, Request

TABLE = "ledger"  # made when the first line is written
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
    number INTEGER PRIMARY KEY, time REAL NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    run TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, metric TEXT NOT NULL,
    value REAL NOT NULL)
"""
EXAMPLES = "test_examples"  # how many there are is no reading


@dataclass(frozen=True)
class Reading:
    """One figure that was read of a test set.

    Attributes:
        number: Number of the line, from 1.
        time: Seconds since 1970.
        host: Name of the machine.
        pid: Number of the process.
        run: Name of the run.
        key: Name of the evaluation.
        metric: Name of the metric.
        value: Value of the metric.
        request: What was trained and tested, as JSON values.
    """

    number: int
    time: float
    host: str
    pid: int
    run: str
    key: str
    metric: str
    value: float
    request: Mapping[str, Any]

    @property
    def use(self) -> str:
        """The network and the recipe that were tested: several seeds of them are one use."""
        return use_of(Request(**self.request))

    def shown(self) -> dict[str, Any]:
        """Return the line as a report shows it, with the parts of the request that matter there."""
        told = {name: value for name, value in asdict(self).items() if name != "request"}
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.time))
        parts = {name: self.request[name] for name in ("architecture", "seed")}
        return {**told, "time": moment, **parts}


def use_of(request: Request) -> str:
    """Return what names a network and its recipe on a task's data, whatever the seed."""
    parts = [request.task, request.space, request.architecture, request.recipe]
    started = [] if request.start is None else [request.start]
    return json.dumps([*parts, *started], sort_keys=True)


def write(
    connection: sqlite3.Connection, run: str, request: Request, evaluation: Evaluation
) -> None:
    """Add a line for each metric of a final training; within the caller's transaction."""
    connection.execute(SCHEMA)
    told = (time.time(), socket.gethostname(), os.getpid(), run, request.key, request.to_json())
    connection.executemany(
        f"INSERT INTO {TABLE} (time, host, pid, run, key, request, metric, value) "
        "VALUES (?,?,?,?,?,?,?,?)",
        [(*told, *each) for each in evaluation.metrics.items() if each[0] != EXAMPLES],
    )


def read(connection: sqlite3.Connection) -> list[Reading]:
    """Return all lines in their order; none where none was ever written."""
    if not connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (TABLE,)
    ).fetchone():
        return []
    rows = connection.execute(
        "SELECT number, time, host, pid, run, key, metric, value, request "
        f"FROM {TABLE} ORDER BY number"
    ).fetchall()
    return [Reading(*figures, request=json.loads(text)) for *figures, text in rows]
