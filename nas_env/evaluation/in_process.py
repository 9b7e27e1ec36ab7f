"""Trains children in this process, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from nas_env.evaluation._base import Evaluator
from nas_env.evaluation._child import evaluate
from nas_env.evaluation._data import check_splits
from nas_env.records import Evaluation, Request


class InProcessEvaluator(Evaluator):
    """A submitted child is trained before :meth:`submit` returns."""

    def prepare(self, task: Mapping[str, Any]) -> None:
        """Check a task's data, and keep it for the children."""
        check_splits(task, self.device)

    def _train(self, request: Request) -> Future[Evaluation]:
        future: Future[Evaluation] = Future()
        try:
            with self.work.child() as report:
                evaluation = evaluate(request, self.device, report)
            future.set_result(evaluation)
        except BaseException as error:
            future.set_exception(error)
        return future
