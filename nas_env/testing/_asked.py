"""An evaluator under test, with requests to ask it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from nas_env.evaluation import Evaluator, evaluator_class
from nas_env.problem import Problem
from nas_env.records import Evaluation, Request
from nas_env.run.store import Store, open_store
from nas_env.testing._broken import Case, ContractBroken
from nas_env.testing._noise import SPACE
from search_spaces._settings import named

TASK = "nas_env.testing._noise:Noise"
SECONDS = 300.0  # a worker process may take long to start on a busy machine


@dataclass(frozen=True)
class Asked(Case):
    """An evaluator, and a problem whose children take milliseconds.

    Attributes:
        spec: Name of the evaluator, or name and settings.
        device: Device of the children.
    """

    spec: str | Mapping[str, Any]
    device: str = "cpu"

    @contextmanager
    def problem(self, store: Store | None = None) -> Iterator[Problem]:
        """Make the problem, and close it when the block ends."""
        own = store or open_store()
        made = Problem(TASK, SPACE, device=self.device, evaluator=self.spec, store=own)
        try:
            yield made
        finally:
            made.close()

    @property
    def title(self) -> str:
        """The name of its class."""
        return self.member.__name__

    @property
    def member(self) -> type[Evaluator]:
        """The class of the evaluator."""
        return evaluator_class(named(self.spec, "evaluator")[0])

    def answer(self, future: Future[Evaluation]) -> Evaluation:
        """Wait for an evaluation.

        Raises:
            ContractBroken: If it does not come.
        """
        try:
            return future.result(timeout=SECONDS)
        except TimeoutError:
            raise ContractBroken(
                f"{self.method('_train')}: expected a future that has its evaluation within "
                f"{SECONDS:.0f} seconds, got none"
            ) from None


def requests(problem: Problem, count: int = 1, **changes: Any) -> list[Request]:
    """Return requests for different children.

    Args:
        problem: Problem of the children.
        count: Number of requests, at most 8.
        **changes: Settings of the recipe.
    """
    length = problem.space.length()
    rows = [tuple(int(bit) for bit in f"{number:0{length}b}") for number in range(count)]
    made = [problem.request(problem.space.decode(tokens)) for tokens in rows]
    return [replace(each, recipe={**each.recipe, **changes}) for each in made]


def timeless(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation without what differs from one training to the next."""
    return replace(evaluation, seconds={}, cpu_seconds=0.0, attempts=[], output="")
