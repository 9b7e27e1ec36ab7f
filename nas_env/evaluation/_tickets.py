"""Tickets: children that were asked for, and that are answered in any order."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field

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


def answered(evaluation: Evaluation) -> Future[Evaluation]:
    """Return a future that has its result."""
    future = Future[Evaluation]()
    future.set_result(evaluation)
    return future
