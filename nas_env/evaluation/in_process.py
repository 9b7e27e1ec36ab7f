"""Trains children in this process, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from nas_env.evaluation._base import Evaluator
from nas_env.evaluation._checkpoints import EVERY
from nas_env.evaluation._child import evaluate
from nas_env.evaluation._data import check_splits
from nas_env.evaluation._job import Job
from nas_env.evaluation._rehearsal import Rehearsal, rehearse, rehearsed
from nas_env.records import Evaluation, Request
from search_spaces._settings import at_least

#: A child sets the number of threads and the random state of its process while it is trained.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class InProcessSettings:
    """Settings of training in this process.

    Attributes:
        checkpoint_every: Seconds of a training between two checkpoints, from which it goes on where
            it was killed; 0 for none.
    """

    checkpoint_every: float = EVERY

    def __post_init__(self) -> None:
        at_least(self, checkpoint_every=0)


class InProcessEvaluator(Evaluator):
    """A submitted child is trained before :meth:`submit` returns.

    All children share this process: what one that failed did to it (a library that ran out of
    memory, a CUDA error that every later call meets again) the next one meets. Workers are
    replaced after such a child; this process cannot be.
    """

    Settings = InProcessSettings

    settings: InProcessSettings

    @property
    def checkpoint_every(self) -> float:
        """See the base."""
        return self.settings.checkpoint_every

    def prepare(self, task: Mapping[str, Any]) -> None:
        """Check a task's data, and keep it for the children."""
        check_splits(task, self.device)

    def rehearse(self, request: Request, times: int) -> list[Rehearsal]:
        """See the base; children are trained one after the other."""
        job = Job(request)
        found = rehearsed(request, lambda pieces: rehearse(job, self.device, pieces))
        return [] if found is None else [found]

    def _train(self, request: Request) -> Future[Evaluation]:
        future: Future[Evaluation] = Future()
        try:
            with _ONE_AT_A_TIME, self.work.child(request.architecture) as report:
                evaluation = evaluate(request, self.device, report, self.place(request))
            future.set_result(evaluation)
        except BaseException as error:
            future.set_exception(error)
        return future
