"""The final training of a search's best: chosen by validation, tested once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from nas_env.errors import ChildrenFail
from nas_env.evaluation._data import training_task
from nas_env.final.plan import Candidate, Plan, Tested
from nas_env.final.progress import answers, rehearsed, unknown
from nas_env.final.top import Found
from nas_env.final.uses import readings, refuse_second_use
from nas_env.metrics import Metric
from nas_env.problem import Problem
from nas_env.records import Evaluation, Request
from nas_env.run.ledger import use_of
from nas_env.tasks import sealed_test_set

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
    """

    def __init__(self, problem: Problem, plan: Plan, folder: Path, console: Console):
        self.problem, self.plan, self.folder, self.console = problem, plan, folder, console
        self.compared: list[Evaluation | None] = []
        self.failures: list[str] = []

    @property
    def metric(self) -> Metric:
        """The metric that is chosen by."""
        return self.problem.task.metric

    @cached_property
    def candidates(self) -> list[Candidate]:
        """The candidates: each architecture at each point of the grid."""
        points = self.plan.grid.points(self.problem.recipe)
        parse = self.problem.space.parse
        return [
            Candidate(found, parse(found.architecture), changes, recipe)
            for found in self.plan.found
            for changes, recipe in points
        ]

    def check(self) -> None:
        """Check that the task has a test split, which is not read, and that it may be used.

        Raises:
            InvalidValue: If the task trains nothing, or its test set was used before.
            DataNotFound: If there is no test split.
        """
        task = training_task(self.problem.task.spec)
        self.problem.verify_data()
        task.check_test_split()
        with sealed_test_set():
            task.final_data()
        if unknown(self.problem, self._searches) and not self.plan.again:
            # The test set is used when all candidates were compared: so these are others.
            refuse_second_use(self.problem, ())
        (self.folder / WEIGHTS).mkdir(parents=True, exist_ok=True)

    # -- the choice ------------------------------------------------------------------------------
    @cached_property
    def _searches(self) -> list[Request]:
        """The requests by which candidates are compared; none where there is no choice."""
        if len(self.candidates) == 1:
            return []
        return [self._request(candidate) for candidate in self.candidates]

    def choose(self) -> list[Candidate]:
        """Compare the candidates by validation; return them, the chosen one first.

        Next come the others of its architecture, its neighbours in the grid, and then the rest.

        Raises:
            ChildrenFail: If none could be trained.
        """
        if not self._searches:
            self.compared = [None]
            return self.candidates
        evaluations = self._train("compare", self._searches, self._rehearsed(), self.metric)
        self.compared = [*evaluations]
        good: list[tuple[float, Candidate]] = []
        for candidate, evaluation in zip(self.candidates, evaluations, strict=True):
            if evaluation.status == "ok":
                good.append((evaluation.metrics[self.metric.name], candidate))
            else:
                self._tell_failure(candidate.label, evaluation)
        if not good:
            raise ChildrenFail(f"no candidate could be trained: {evaluations[0].error}")
        good.sort(key=lambda pair: pair[0], reverse=self.metric.maximise)
        best = good[0][1].architecture
        good.sort(key=lambda pair: pair[1].architecture != best)
        self.console.print(f"chosen by {self.metric.title} {good[0][0]:.4f}: {good[0][1].label}")
        return [candidate for _, candidate in good]

    # -- the test --------------------------------------------------------------------------------
    def test(self, ranking: Sequence[Candidate]) -> Tested:
        """Train the chosen candidate on both splits, once a seed, and test it.

        Where that fails or diverges, the next candidate of the ranking is taken.

        Raises:
            InvalidValue: If the test set was used before by another network or recipe.
            ChildrenFail: If every candidate fails.
        """
        for place, candidate in enumerate(ranking):
            requests = self._finals(candidate, keep=True)
            failed = self._failed(self.problem.evaluator.known(request) for request in requests)
            if failed is None:
                self._refuse_another(ranking[: place + 1])
                evaluations = self._train("final", requests, self._as_compared(candidate))
                failed = self._failed(evaluations)
                if failed is None:
                    return Tested(candidate, requests, evaluations)
            self._tell_failure(candidate.label, failed)
            if place + 1 < len(ranking):
                self.console.print(f"taken instead: {ranking[place + 1].label}", soft_wrap=True)
        raise ChildrenFail(f"no candidate could be trained to the end: {self.failures[-1]}")

    @staticmethod
    def _failed(evaluations: Iterable[Evaluation | None]) -> Evaluation | None:
        """Return the first evaluation of a child that failed; None if none is known to have."""
        return next((each for each in evaluations if each and each.status != "ok"), None)

    def test_control(self, chosen: Candidate) -> Tested | None:
        """Train what the random control found by the chosen recipe, and test it likewise."""
        found = self.plan.control
        if found is None:
            return None
        candidate = self._likewise(found, chosen)
        requests = self._finals(candidate)
        expected = self._as_compared(chosen)
        return Tested(candidate, requests, self._train("random control", requests, expected))

    def test_beside(self, chosen: Candidate) -> list[Tested]:
        """Train the networks beside the chosen one by its recipe, and test them likewise."""
        candidates = [self._likewise(found, chosen) for found in self.plan.beside]
        requests = [self._finals(candidate) for candidate in candidates]
        if not requests:
            return []
        asked = [request for each in requests for request in each]
        answered = iter(self._train("beside", asked, self._as_compared(chosen)))
        return [
            Tested(candidate, each, list(islice(answered, len(each))))
            for candidate, each in zip(candidates, requests, strict=True)
        ]

    def _refuse_another(self, tried: Sequence[Candidate]) -> None:
        """Refuse a second use of the test set: by others than those tried, and those beside."""
        if self.plan.again:
            return
        control = [] if self.plan.control is None else [self.plan.control]
        others = [self._likewise(found, tried[-1]) for found in (*control, *self.plan.beside)]
        uses = {use_of(self._request(candidate)) for candidate in (*tried, *others)}
        refuse_second_use(self.problem, uses)

    def _likewise(self, found: Found, chosen: Candidate) -> Candidate:
        """Return another network as it is trained by the chosen recipe."""
        architecture = self.problem.space.parse(found.architecture)
        return Candidate(found, architecture, chosen.changes, chosen.recipe)

    # -- the requests ----------------------------------------------------------------------------
    def _request(self, candidate: Candidate) -> Request:
        asked = self.problem.request(candidate.architecture, space=candidate.found.space)
        return replace(asked, recipe=candidate.recipe.request_spec)

    def _finals(self, candidate: Candidate, keep: bool = False) -> list[Request]:
        """Return the requests of the final trainings, one a seed."""
        asked = replace(self._request(candidate), split="final")
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

    def _rehearsed(self) -> float | None:
        """Return the seconds of one comparison, and tell them; None if they are not known."""
        left = unknown(self.problem, self._searches)
        return rehearsed(self.problem, left, self.plan.seeds, self.console)

    def _as_compared(self, candidate: Candidate) -> float | None:
        """Return the seconds that a candidate took when it was compared."""
        compared = self.compared[self.candidates.index(candidate)]
        return None if compared is None else sum(compared.seconds.values()) or None

    def _tell_failure(self, label: str, evaluation: Evaluation) -> None:
        line = f"{label} {evaluation.status}: {evaluation.error}"
        self.failures.append(line)
        self.console.print(line, soft_wrap=True)

    @property
    def readings(self) -> list[dict[str, Any]]:
        """The ledger's lines about this test set, as a report shows them."""
        return [line.shown() for line in readings(self.problem)]
