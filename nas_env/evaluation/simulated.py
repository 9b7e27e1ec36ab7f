"""The evaluator that answers by a function, and lets children's time pass on a simulated clock.

As many workers as one likes, on nodes that may fail, cost nothing but the agent's own time. The
same is done for multi-fidelity schedulers by Syne Tune's simulator back-end (Salinas et al. 2022).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, ClassVar

import torch

from nas_env.errors import InvalidValue
from nas_env.evaluation._answers import Answers
from nas_env.evaluation._base import Evaluator
from nas_env.evaluation._cluster import Cluster
from nas_env.evaluation._job import task_recipe
from nas_env.evaluation._simulation import SimulatedFuture, SimulatedSettings
from nas_env.evaluation._tickets import answered
from nas_env.evaluation._times import drawn
from nas_env.evaluation._usage import Simulation, Usage
from nas_env.records import Evaluation, Request
from nas_env.run.store import Store
from nas_env.table.function import Function
from nas_env.tasks import Task, make_task

CHANCES = 2**48  # child seeds

#: Number of the task, recipe and seed that are asked for, and the architecture.
Key = tuple[int, str]


class SimulatedEvaluator(Evaluator):
    """Begins children on simulated workers; they are done in the order of a simulated clock.

    The clock stands still unless someone waits for a child. The store stays empty. A search that
    goes on is played again from its first child, since its clock begins anew: it comes to the same
    moment.
    """

    Settings = SimulatedSettings
    background: ClassVar[bool] = True
    trains: ClassVar[bool] = False

    settings: SimulatedSettings

    def __init__(
        self, device: torch.device, store: Store, settings: SimulatedSettings | None = None
    ):
        super().__init__(device, store, settings)
        chosen = self.settings
        self.cluster = Cluster(chosen.workers, chosen.workers_per_node, chosen.failures)
        self._asked: list[tuple[Request, Answers]] = []  # of each task, recipe and seed
        self._done: dict[Key, Evaluation] = {}
        self._flying: dict[Key, SimulatedFuture] = {}  # the last one of each child
        self._children: list[tuple[Key, Evaluation, SimulatedFuture]] = []
        self._expected: dict[Key, Evaluation] = {}
        self._last: tuple[Request, Key] | None = None

    @property
    def capacity(self) -> int:
        """The number of workers, those of failed nodes included."""
        return self.settings.workers

    def prepare(self, task: Mapping[str, Any]) -> None:
        """Check that the times of children are known."""
        made = make_task(task)
        function = function_of(made)
        known = function.measure(function.examples()[:1]).values
        if self.settings.times == "function" and "seconds" not in known:
            raise InvalidValue(
                f"evaluator.times is 'function', but {function.name} has no seconds: expected "
                "'digits', 'layers_6', 'layers_12' or 'layers_20'"
            )

    def known(self, request: Request) -> Evaluation | None:
        """Return the evaluation of a child that is done."""
        return self._done.get(self._key(request))

    def submit(self, request: Request) -> Future[Evaluation]:
        """Begin a child now, or when a worker is free; one that is known is answered at once."""
        if not self.settings.store:
            return self._train(request)
        key = self._key(request)
        if (found := self._done.get(key)) is not None:
            return answered(found)
        return self._flying.get(key) or self._train(request)

    def _train(self, request: Request) -> Future[Evaluation]:
        key = self._key(request)
        evaluation = self._known_or_expected(request)
        self._expected.pop(key, None)
        future = self._flying[key] = SimulatedFuture(self._next)
        self._children.append((key, evaluation, future))
        self.cluster.spend(self.settings.driver_seconds)
        seconds = self.settings.startup_seconds + sum(evaluation.seconds.values())
        self.cluster.submit(len(self._children) - 1, seconds)
        return future

    def expected(self, request: Request) -> float:
        """Return the seconds that a child will take, which a simulation knows before."""
        return sum(self._known_or_expected(request).seconds.values())

    def _known_or_expected(self, request: Request) -> Evaluation:
        key = self._key(request)
        found = self._done.get(key) or self._expected.get(key)
        if found is None:
            found = self._expected[key] = self._evaluation(request)
        return found

    def _next(self) -> bool:
        """Let time pass until another child is done, and answer it; tell whether there was one."""
        child = self.cluster.next()
        if child is None:
            return False
        key, evaluation, future = self._children[child]
        self._done[key] = evaluation
        self._flying.pop(key, None)
        future.set_result(evaluation)
        return True

    def pass_time(self) -> None:
        """Let time pass until another child is done."""
        self._next()

    def usage(self) -> Usage:
        """Return how busy the workers have been by the simulated clock."""
        return Usage(self.cluster.busy(), self.cluster.now * self.capacity)

    def simulation(self) -> Simulation:
        """Return the figures of the clock."""
        return Simulation(self.cluster.now, self.cluster.lost, self.cluster.failed)

    def _key(self, request: Request) -> Key:
        """Return what tells children apart: a request's own key takes longer than all the rest."""
        if self._last is None or self._last[0] is not request:
            text = json.dumps(request.architecture, sort_keys=True)
            self._last = request, (self._place(request), text)
        return self._last[1]

    def _place(self, request: Request) -> int:
        """Return the number of a request's task, recipe and seed, and keep what answers them."""
        for place, (asked, _) in enumerate(self._asked):
            same_task = asked.task == request.task and asked.recipe == request.recipe
            if same_task and (asked.seed, asked.source) == (request.seed, request.source):
                return place
        task = make_task(request.task_spec)
        recipe: Any = task_recipe(task, request.recipe)
        self._asked.append((request, Answers(function_of(task), recipe, request.seed)))
        return len(self._asked) - 1

    def _evaluation(self, request: Request) -> Evaluation:
        """Return the answer of the function, with the seconds that the child takes."""
        _, answers = self._asked[self._place(request)]
        space = answers.function.space
        tokens = space.encode(space.parse(request.architecture))
        (evaluation,) = answers.evaluations([tokens])
        if self.settings.times == "function":
            return evaluation
        chance = request.child_seed / CHANCES
        seconds = self.settings.mean_seconds * drawn(self.settings.times, chance)
        return replace(evaluation, seconds={"train": seconds})

    def close(self) -> None:
        """Cancel the children that are not done."""
        super().close()
        for _, _, future in self._children:
            future.cancel()  # which does nothing to one that is done


def function_of(task: Task) -> Function:
    """Return the function that answers for a task.

    Raises:
        InvalidValue: If there is none.
    """
    if (function := task.make_function()) is None:
        raise InvalidValue(f"evaluator is 'simulated', but task {task.name} trains its children")
    return function
