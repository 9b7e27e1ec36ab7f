"""The evaluator that answers by a function: that of a table, or another."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, ClassVar

from nas_env.errors import InvalidValue
from nas_env.evaluation._answers import Answers
from nas_env.evaluation._base import Evaluator
from nas_env.evaluation._job import task_recipe
from nas_env.evaluation._tickets import answered
from nas_env.records import Evaluation, Request
from nas_env.tasks import make_task


class TableEvaluator(Evaluator):
    """Asks the task's function for each request; the store stays empty."""

    trains: ClassVar[bool] = False
    at_once: ClassVar[bool] = True

    def submit(self, request: Request) -> Future[Evaluation]:
        """Return the function's answer at once."""
        return self._train(request)

    def _train(self, request: Request) -> Future[Evaluation]:
        task = make_task(request.task_spec)
        function = task.make_function()
        if function is None:
            raise InvalidValue(f"evaluator is 'table', but task {task.name} has none")
        recipe: Any = task_recipe(task, request.recipe)
        answers = Answers(function, recipe, request.seed)
        tokens = function.space.encode(function.space.parse(request.architecture))
        return answered(answers.evaluations([tokens])[0])
