"""The settings of a simulated cluster, and the futures of its children."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal

from nas_env.evaluation._cluster import Failures
from nas_env.records import Evaluation
from search_spaces._settings import above, at_least

HOUR = 3600.0  # seconds


@dataclass(frozen=True)
class SimulatedSettings:
    """Settings of a cluster that is simulated.

    Attributes:
        workers: Children at once.
        workers_per_node: Workers of a node; they fail together.
        times: How long children take: ``function``, as the table or function says; or drawn for
            each child from a distribution that was measured: ``digits``, or ``layers_6``,
            ``layers_12``, ``layers_20`` for networks of so many layers on CIFAR-10.
        mean_seconds: Mean seconds of a child whose time is drawn.
        startup_seconds: Seconds that a worker needs before it trains, child for child.
        driver_seconds: Seconds of the search's own process for each child, one after the other.
        hours_between_failures: Mean hours between two failures of a node; None where none fails.
        repair_seconds: Seconds after which a node that failed is back.
        failure_seed: Seed of the moments of failure.
        store: Whether a child that is known is answered at once, as a store answers; otherwise it
            is trained again, and takes its time again.
    """

    workers: int = 8
    workers_per_node: int = 8
    times: Literal["function", "digits", "layers_6", "layers_12", "layers_20"] = "function"
    mean_seconds: float = HOUR
    startup_seconds: float = 0.0
    driver_seconds: float = 0.0
    hours_between_failures: float | None = None
    repair_seconds: float = 600.0
    failure_seed: int = 0
    store: bool = True

    def __post_init__(self) -> None:
        at_least(self, workers=1, workers_per_node=1, failure_seed=0)
        at_least(self, startup_seconds=0, driver_seconds=0, repair_seconds=0)
        above(self, mean_seconds=0, hours_between_failures=0)

    @property
    def failures(self) -> Failures:
        """The failures of nodes."""
        hours = self.hours_between_failures
        mean = math.inf if hours is None else HOUR * hours
        return Failures(mean, self.repair_seconds, self.failure_seed)


class SimulatedFuture(Future[Evaluation]):
    """A future whose waiting lets simulated time pass.

    Args:
        pass_time: Lets time pass until another child is done; tells whether there was one.
    """

    def __init__(self, pass_time: Callable[[], bool]):
        super().__init__()
        self._pass_time = pass_time

    def result(self, timeout: float | None = None) -> Evaluation:
        """Return the evaluation, at the simulated moment at which it is there."""
        self._wait()
        return super().result(timeout=0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return what kept the evaluation from being made; None of one that is there."""
        self._wait()
        return super().exception(timeout=0)

    def _wait(self) -> None:
        while not self.done() and self._pass_time():
            pass
