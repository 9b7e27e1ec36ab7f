"""A cluster by a simulated clock: nodes with workers, the children on them, nodes that fail."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

#: The kinds of events; at one instant children are done before their node fails.
DONE, FAILS, RETURNS = range(3)


class Event(NamedTuple):
    """An event that will happen, unless what it is about has changed by then.

    Attributes:
        time: Seconds at which it happens.
        kind: ``DONE``, ``FAILS`` or ``RETURNS``.
        about: Number of a child that is done, or of a node.
        attempt: Attempt of the child.
    """

    time: float
    kind: int
    about: int
    attempt: int = 0


class Waiting(NamedTuple):
    """A child that waits for a worker.

    Attributes:
        child: Number of the child.
        seconds: Seconds that it takes.
        since: Time from which it waits.
        attempt: Number of the attempt, from 1.
    """

    child: int
    seconds: float
    since: float
    attempt: int = 1


class Running(NamedTuple):
    """A child at work: what was waiting, its node, and when it began."""

    waited: Waiting
    place: tuple[int, int]
    began: float


@dataclass(frozen=True)
class Failures:
    """The failures of nodes.

    Attributes:
        mean: Mean seconds between two failures of a node, exponentially distributed; infinite where
            none fails.
        repair: Seconds after which a node is back.
        seed: Seed of the moments; they depend on nothing else.
    """

    mean: float = math.inf
    repair: float = 0.0
    seed: int = 0

    def spells(self, node: int) -> Iterator[float]:
        """Return the seconds that a node works between two failures, without end."""
        rng = np.random.default_rng([self.seed, node])
        while True:
            yield float(rng.exponential(self.mean))


class Cluster:
    """Children on workers, by a clock that moves from one event to the next.

    Args:
        workers: Children at once.
        a_node: Workers of a node, which fail together.
        failures: How nodes fail.

    Attributes:
        now: Seconds since the beginning.
        lost: Seconds of children whose node failed under them.
        failed: Number of nodes that have failed.

    Example:
        >>> cluster = Cluster(workers=2)
        >>> for child, seconds in enumerate([30.0, 10.0, 5.0]):
        ...     cluster.submit(child, seconds)
        >>> [(cluster.next(), cluster.now) for _ in range(3)]
        [(1, 10.0), (2, 15.0), (0, 30.0)]
        >>> cluster.busy()
        45.0
    """

    def __init__(self, workers: int, a_node: int = 1, failures: Failures | None = None):
        self.now = self.lost = 0.0
        self.failed = 0
        self._failures = failures or Failures()
        self._spent = 0.0  # seconds of all attempts that have ended
        self._waiting: deque[Waiting] = deque()
        self._running: dict[int, Running] = {}
        self._begun_at = 0.0  # sum of the moments at which the running ones began
        self._sizes = [min(a_node, workers - first) for first in range(0, workers, a_node)]
        self._lives = [0] * len(self._sizes)  # how often each node has come back
        self._free = deque((node, 0) for node, size in enumerate(self._sizes) for _ in range(size))
        self._children: list[set[int]] = [set() for _ in self._sizes]
        self._events: list[Event] = []
        if self._failures.mean < math.inf:
            self._spells = [self._failures.spells(node) for node in range(len(self._sizes))]
            self._events = [
                Event(next(spell), FAILS, node) for node, spell in enumerate(self._spells)
            ]
            heapq.heapify(self._events)

    def submit(self, child: int, seconds: float) -> None:
        """Let a child begin now, or when a worker is free."""
        self._waiting.append(Waiting(child, seconds, self.now))
        self._begin(self.now)

    def spend(self, seconds: float) -> None:
        """Let time pass in which nobody looks at the workers; they go on."""
        self.now += seconds

    def busy(self) -> float:
        """Return the seconds of all workers at work so far, summed."""
        return self._spent + len(self._running) * self.now - self._begun_at

    def next(self) -> int | None:
        """Return the number of the next child that is done, as late as that is; None if none is."""
        while self._running or self._waiting:
            event = heapq.heappop(self._events)
            if event.kind == DONE and self._is_current(event):
                self._done(event)
                return event.about
            if event.kind == FAILS:
                self._fail(event)
            elif event.kind == RETURNS:
                self._return(event)
        return None

    def _begin(self, moment: float) -> None:
        """Begin waiting children, as far as there are free workers."""
        while self._waiting and self._free:
            place = self._free.popleft()
            if place[1] != self._lives[place[0]]:  # its node has failed since
                continue
            waited = self._waiting.popleft()
            began = max(moment, waited.since)
            self._running[waited.child] = Running(waited, place, began)
            self._children[place[0]].add(waited.child)
            self._begun_at += began
            end = began + waited.seconds
            heapq.heappush(self._events, Event(end, DONE, waited.child, waited.attempt))

    def _is_current(self, event: Event) -> bool:
        """Return whether a child that would be done was not lost before."""
        running = self._running.get(event.about)
        return running is not None and running.waited.attempt == event.attempt

    def _end(self, child: int, moment: float) -> Running:
        """Take a child from its worker, and count its seconds."""
        ended = self._running.pop(child)
        self._children[ended.place[0]].discard(child)
        self._begun_at -= ended.began
        self._spent += moment - ended.began
        return ended

    def _done(self, event: Event) -> None:
        ended = self._end(event.about, event.time)
        self._free.append(ended.place)
        self._begin(event.time)
        self.now = max(self.now, event.time)

    def _fail(self, event: Event) -> None:
        """Lose the children of a node; they wait again, before all others."""
        node, moment = event.about, event.time
        self.failed += 1
        self._lives[node] += 1
        for child in sorted(self._children[node], reverse=True):
            ended = self._end(child, moment)
            self.lost += moment - ended.began
            again = ended.waited._replace(since=moment, attempt=ended.waited.attempt + 1)
            self._waiting.appendleft(again)
        heapq.heappush(self._events, Event(moment + self._failures.repair, RETURNS, node))
        self._begin(moment)

    def _return(self, event: Event) -> None:
        """Let a node work again, until it fails the next time."""
        node, moment = event.about, event.time
        self._free.extend([(node, self._lives[node])] * self._sizes[node])
        heapq.heappush(self._events, Event(moment + next(self._spells[node]), FAILS, node))
        self._begin(moment)
