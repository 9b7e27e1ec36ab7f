"""The children that an evaluator is training, for a display."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nas_env.training.outcome import Progress, Report

_GUARD = threading.Lock()  # one for all, so that an evaluator can be copied


@dataclass
class Child:
    """A child that is being trained.

    Attributes:
        number: Number of the child, counted from 1 in the order in which they were begun.
        began: Time of its beginning, by ``time.monotonic``.
        architecture: The child's architecture, where the evaluator tells it.
        worker: Who trains it: ``"worker 2"``, or the name of a node; empty where only one can.
        progress: Last report; None before training begins.
    """

    number: int
    began: float
    architecture: Mapping[str, Any] | None = None
    worker: str = ""
    progress: Progress | None = None


class Work:
    """Keeps account of the children at work; every method may be called from any thread.

    Args:
        clock: Gives the seconds since some moment.

    Attributes:
        begun: Number of children that the evaluator has begun to train.
        ended: Number of children whose training has ended or failed.

    Example:
        >>> work = Work()
        >>> with work.child() as report:
        ...     report(Progress(1, 5, {"validation_accuracy": 0.4}))
        ...     [child.progress.epoch for child in work.children()]
        [1]
        >>> work.children(), work.ended
        ([], 1)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.begun = self.ended = 0
        self._clock, self._spent = clock, 0.0
        self._children: dict[int, Child] = {}

    @contextmanager
    def child(
        self, architecture: Mapping[str, Any] | None = None, worker: str = ""
    ) -> Iterator[Report]:
        """Count a child as being trained for as long as the block runs; take its reports.

        Args:
            architecture: The child's architecture, for a display; None if that is not told.
            worker: Who trains it; empty where only one can.
        """
        with _GUARD:
            self.begun += 1
            child = Child(self.begun, self._clock(), architecture, worker)
            self._children[self.begun] = child

        def report(progress: Progress) -> None:
            child.progress = progress

        try:
            yield report
        finally:
            with _GUARD:
                del self._children[child.number]
                self._spent += self._clock() - child.began
                self.ended += 1

    def busy(self) -> float:
        """Return the seconds of all children so far, summed, those at work included."""
        with _GUARD:
            now = self._clock()
            return self._spent + sum(now - child.began for child in self._children.values())

    def children(self) -> list[Child]:
        """Return the children that are being trained, in the order in which they were begun."""
        with _GUARD:
            return [self._children[number] for number in sorted(self._children)]
