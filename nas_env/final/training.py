"""The final training of a search's best: chosen by validation, tested once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from rich.console import Console

from nas_env.errors import ChildrenFail
from nas_env.evaluation._data import training_task
from nas_env.final.comparison import Comparison, parsed, request
from nas_env.final.plan import Candidate, Plan, Tested
from nas_env.final.progress import answers, rehearsed, unknown
from nas_env.final.top import Found
from nas_env.final.uses import readings, refuse_second_use
from nas_env.metrics import Metric
from nas_env.problem import Problem
from nas_env.records import Evaluation, Request
from nas_env.run.ledger import use_of
from nas_env.tasks import TrainingTask, sealed_test_set

WEIGHTS = "weights"  # the folder of the trained weights, below that of the final training


class FinalTraining:
    """Trains the candidates of a plan through a problem's evaluator and store.

    Nothing is kept beside the store: a final training that was killed goes on when it is made
    again, and one that is finished is answered.

    Args:
        problem: Problem of the search, with the final recipe.
        plan: Settings of the final training.
        folder: Folder in which the weights are kept.
        console: Console on which progress is shown.

    Attributes:
        searched: Comparison of what the search found.
        control: Comparison of what its random control found, by the same grid.
        failures: Lines on the candidates that could not be trained.
    """

    def __init__(self, problem: Problem, plan: Plan, folder: Path, console: Console):
        self.problem, self.plan, self.folder, self.console = problem, plan, folder, console
        self.searched = Comparison(problem, plan.found, plan.grid)
        self.control = Comparison(problem, plan.control, plan.grid)
        self.failures: list[str] = []

    @cached_property
    def task(self) -> TrainingTask:
        """The task that is trained on.

        Raises:
            InvalidValue: If nothing can be trained on it.
        """
        return training_task(self.problem.task.spec)

    @property
    def metric(self) -> Metric:
        """The metric that is chosen by."""
        return self.problem.task.metric

    def check(self) -> None:
        """Check that the task has a test split, which is not read, and that it may be used.

        Raises:
            InvalidValue: If the task trains nothing, or its test set was used before.
            DataNotFound: If there is no test split.
        """
        task = self.task
        self.problem.verify_data()
        task.check_test_split()
        with sealed_test_set():
            task.final_data()
        if unknown(self.problem, self.searched.requests) and not self.plan.again:
            # The test set is used when all candidates were compared: so these are others.
            refuse_second_use(self.problem, ())
        (self.folder / WEIGHTS).mkdir(parents=True, exist_ok=True)

    # -- the choice ------------------------------------------------------------------------------
    def compare(self) -> None:
        """Compare the candidates by validation, those of the random control like the search's.

        Raises:
            ChildrenFail: If none of the search's could be trained.
        """
        asked = {each.key: each for each in (*self.searched.requests, *self.control.requests)}
        if asked:
            expected = self._rehearsed([*asked.values()])
            found = self._train("compare", [*asked.values()], expected, self.metric)
            evaluations = dict(zip(asked, found, strict=True))
            self.searched.evaluations = self.control.evaluations = evaluations
        for whose, comparison in (("", self.searched), ("random control, ", self.control)):
            for candidate, failed in comparison.failures:
                self._tell_failure(f"{whose}{candidate.label}", failed)
        if not (ranking := self.searched.ranking):
            raise ChildrenFail(f"no candidate could be trained: {self.failures[0]}")
        if best := self.searched.of(ranking[0]):
            value = f"{self.metric.title} {best.metrics[self.metric.name]:.4f}"
            self.console.print(f"chosen by {value}: {ranking[0].label}")

    # -- the test --------------------------------------------------------------------------------
    def test(self) -> Tested:
        """Train the chosen candidate on both splits, once a seed, and test it.

        Raises:
            InvalidValue: If the test set was used before by another network or recipe.
            ChildrenFail: If every candidate fails.
        """
        tested = self._tested(self.searched, "final", keep=True)
        if tested is None:
            raise ChildrenFail(f"no candidate could be trained to the end: {self.failures[-1]}")
        return tested

    def test_control(self) -> Tested | None:
        """Train the random control's best candidate likewise; None if there is none."""
        return self._tested(self.control, "random control")

    def _tested(self, comparison: Comparison, label: str, keep: bool = False) -> Tested | None:
        """Train the best candidate of a comparison to the end, and test it.

        Where that fails or diverges, the next of the ranking is taken.
        """
        ranking = comparison.ranking
        for candidate, following in zip_longest(ranking, ranking[1:]):
            requests = self._finals(candidate, keep)
            failed = self._known_failure(requests)
            if failed is None:
                self._refuse_others()
                seconds = self._seconds(comparison.of(candidate))
                evaluations = self._train(label, requests, seconds)
                failed = self._failed(evaluations)
                if failed is None:
                    return Tested(candidate, requests, evaluations)
            self._tell_failure(candidate.label, failed)
            if following is not None:
                self.console.print(f"taken instead: {following.label}", soft_wrap=True)
        return None

    def _known_failure(self, requests: Sequence[Request]) -> Evaluation | None:
        return self._failed(self.problem.evaluator.known(request) for request in requests)

    @staticmethod
    def _failed(evaluations: Iterable[Evaluation | None]) -> Evaluation | None:
        """Return the first evaluation of a child that failed; None if none is known to have."""
        return next((each for each in evaluations if each and each.status != "ok"), None)

    def test_beside(self, chosen: Candidate) -> list[Tested]:
        """Train the networks beside the chosen one by its recipe, and test them likewise."""
        candidates = [self._likewise(found, chosen) for found in self.plan.beside]
        requests = [self._finals(candidate) for candidate in candidates]
        if not requests:
            return []
        asked = [request for each in requests for request in each]
        seconds = self._seconds(self.searched.of(chosen))
        answered = iter(self._train("beside", asked, seconds))
        return [
            Tested(candidate, each, list(islice(answered, len(each))))
            for candidate, each in zip(candidates, requests, strict=True)
        ]

    def _likewise(self, found: Found, chosen: Candidate) -> Candidate:
        """Return another network as it is trained by the chosen recipe."""
        return Candidate(found, parsed(self.problem, found), chosen.changes, chosen.recipe)

    def _refuse_others(self) -> None:
        """Refuse a second use of the test set: by others than those that this training tests."""
        if self.plan.again:
            return
        tried, control = self._tried(self.searched.ranking), self._tried(self.control.ranking)
        beside = [self._likewise(found, tried[-1]) for found in self.plan.beside]
        allowed = (*tried, *control, *beside)
        refuse_second_use(self.problem, {use_of(request(self.problem, each)) for each in allowed})

    def _tried(self, ranking: Sequence[Candidate]) -> list[Candidate]:
        """Return the candidates of a ranking up to the first that is not known to fail."""
        for place, candidate in enumerate(ranking, 1):
            if self._known_failure(self._finals(candidate)) is None:
                return [*ranking[:place]]
        return [*ranking]

    # -- the requests ----------------------------------------------------------------------------
    def _finals(self, candidate: Candidate, keep: bool = False) -> list[Request]:
        """Return the requests of the final trainings, one a seed."""
        asked = replace(request(self.problem, candidate), split="final")
        found = [replace(asked, seed=asked.seed + number) for number in range(self.plan.seeds)]
        return [replace(each, keep=self.weights(each)) for each in found] if keep else found

    def weights(self, request: Request) -> str:
        """Return the file of the weights of a final training."""
        return str(self.folder / WEIGHTS / f"{request.key[:16]}.safetensors")

    def _train(
        self,
        label: str,
        requests: Sequence[Request],
        expected: float | None,
        metric: Metric | None = None,
    ) -> list[Evaluation]:
        """Return the evaluations of requests; see :func:`~nas_env.final.progress.answers`."""
        return answers(self.problem, requests, label, self.console, expected, metric)

    def _rehearsed(self, requests: Sequence[Request]) -> float | None:
        """Return the seconds of one comparison, and tell them; None if they are not known."""
        left = unknown(self.problem, requests)
        finals = self.plan.seeds * (2 if self.plan.control else 1)
        return rehearsed(self.problem, left, finals, self.console)

    @staticmethod
    def _seconds(compared: Evaluation | None) -> float | None:
        """Return the seconds that a candidate took when it was compared."""
        return None if compared is None else sum(compared.seconds.values()) or None

    def _tell_failure(self, label: str, evaluation: Evaluation) -> None:
        line = f"{label} {evaluation.status}: {evaluation.error}"
        self.failures.append(line)
        self.console.print(line, soft_wrap=True)

    @property
    def readings(self) -> list[dict[str, Any]]:
        """The ledger's lines about this test set, as a report shows them."""
        return [line.shown() for line in readings(self.problem)]
