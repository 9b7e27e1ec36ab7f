"""Tickets: children that were asked for, and that are answered in any order."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from nas_env.records import Evaluation
from search_spaces import Architecture


@dataclass(frozen=True)
class Ticket:
    """A child that was asked for; it may be answered before or after those asked for earlier.

    Attributes:
        number: Number of the ticket, counted from 0 in the order of submission.
        tokens: Tokens of the child.
        architecture: Architecture that they stand for.
    """

    number: int
    tokens: tuple[int, ...]
    architecture: Architecture
    future: Future[Evaluation] = field(repr=False, compare=False)

    @property
    def done(self) -> bool:
        """True if :attr:`evaluation` does not wait."""
        return self.future.done()

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation of the child; waits for it, and raises what kept it from being made."""
        return self.future.result()


class Tickets:
    """Returns tickets in the order in which they are done."""

    def __init__(self) -> None:
        self._open = 0
        self._done: SimpleQueue[Ticket] = SimpleQueue()

    def add(self, tickets: Iterable[Ticket]) -> None:
        """Wait for further tickets."""
        for ticket in tickets:
            self._open += 1
            ticket.future.add_done_callback(lambda _, done=ticket: self._done.put(done))

    @property
    def done(self) -> bool:
        """True if :meth:`completed` does not wait."""
        return not self._done.empty()

    def completed(self, timeout: float | None) -> list[Ticket]:
        """Return what is done, each once; wait for the first so many seconds, None for ever."""
        found: list[Ticket] = []
        with suppress(Empty):
            while len(found) < self._open:
                found.append(self._done.get(timeout=0 if found else timeout))
        self._open -= len(found)
        return found

    def __reduce__(self) -> Any:  # a copy waits for nothing
        return Tickets, ()


def answered(evaluation: Evaluation) -> Future[Evaluation]:
    """Return a future that has its result."""
    future = Future[Evaluation]()
    future.set_result(evaluation)
    return future
