"""The ledger of a store: each reading of a test set, who made it, and what it showed."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from nas_env.records import Evaluation, Request

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


class Line(NamedTuple):
    """A reading as it is stored: a :class:`Reading` without its number, the request as JSON."""

    time: float
    host: str
    pid: int
    run: str
    key: str
    request: str
    metric: str
    value: float

    def reading(self, number: int) -> Reading:
        """Return the reading that has this number."""
        return Reading(number, **{**self._asdict(), "request": json.loads(self.request)})


def use_of(request: Request) -> str:
    """Return what names a network and its recipe on a task's data, whatever the seed."""
    parts = [request.task, request.space, request.architecture, request.recipe]
    started = [] if request.start is None else [request.start]
    return json.dumps([*parts, *started], sort_keys=True)


def lines(run: str, request: Request, evaluation: Evaluation) -> list[Line]:
    """Return a line for each metric of a final training; none for another."""
    if request.split != "final":
        return []
    told = (time.time(), socket.gethostname(), os.getpid(), run, request.key, request.to_json())
    return [Line(*told, *each) for each in evaluation.metrics.items() if each[0] != EXAMPLES]
