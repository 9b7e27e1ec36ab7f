"""The comparison of architectures by validation, each at every point of a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from nas_env.final.grid import Grid
from nas_env.final.plan import Candidate
from nas_env.final.top import Found
from nas_env.problem import Problem
from nas_env.records import Evaluation, Request
from search_spaces import Architecture, make_space


class Comparison:
    """Puts candidates in an order, by what their evaluations say of them.

    Args:
        problem: Problem with the final recipe.
        found: Architectures, the best of their search first.
        grid: Grid of settings around the recipe.

    Attributes:
        evaluations: Evaluation of each candidate by the key of its request, once it is known.
    """

    def __init__(self, problem: Problem, found: Sequence[Found], grid: Grid):
        self.problem, self.found, self.grid = problem, found, grid
        self.evaluations: Mapping[str, Evaluation] = {}

    @cached_property
    def candidates(self) -> list[Candidate]:
        """The candidates: each architecture at each point of the grid."""
        points = self.grid.points(self.problem.recipe)
        return [
            Candidate(found, parsed(self.problem, found), changes, recipe)
            for found in self.found
            for changes, recipe in points
        ]

    @property
    def requests(self) -> list[Request]:
        """The requests by which candidates are compared; none where there is no choice."""
        if len(self.candidates) == 1:
            return []
        return [request(self.problem, candidate) for candidate in self.candidates]

    def of(self, candidate: Candidate) -> Evaluation | None:
        """Return the evaluation of a candidate; None if it was not compared."""
        return self.evaluations.get(request(self.problem, candidate).key)

    @property
    def ranking(self) -> list[Candidate]:
        """The candidates that could be trained, the best first; all where there is no choice.

        Next come the others of its architecture, its neighbours in the grid, and then the rest.
        """
        if not self.requests:
            return self.candidates
        metric = self.problem.task.metric
        good = [
            (evaluation.metrics[metric.name], candidate)
            for candidate in self.candidates
            if (evaluation := self.of(candidate)) and evaluation.status == "ok"
        ]
        good.sort(key=lambda pair: pair[0], reverse=metric.maximise)
        best = good[0][1].architecture if good else None
        good.sort(key=lambda pair: pair[1].architecture != best)
        return [candidate for _, candidate in good]

    @property
    def failures(self) -> list[tuple[Candidate, Evaluation]]:
        """The candidates that could not be trained, each with its evaluation."""
        pairs = [(candidate, self.of(candidate)) for candidate in self.candidates]
        return [(candidate, e) for candidate, e in pairs if e is not None and e.status != "ok"]

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Each candidate with the metric that it was chosen by, as plain JSON values."""
        name = self.problem.task.metric.name
        return [
            {
                "name": candidate.found.name,
                "changes": candidate.changes,
                "status": evaluation.status,
                name: evaluation.metrics.get(name),
            }
            for candidate in self.candidates
            if (evaluation := self.of(candidate)) is not None
        ]


def request(problem: Problem, candidate: Candidate) -> Request:
    """Return the request to train a candidate and to validate it, as a search does."""
    found = candidate.found
    asked = problem.request(candidate.architecture, space=found.space)
    asked = replace(asked, recipe=candidate.recipe.request_spec)
    if found.start is None:
        return asked
    return replace(asked, start=found.start.digest, start_file=found.start.file)


def parsed(problem: Problem, found: Found) -> Architecture:
    """Return an architecture as the space that builds it reads it."""
    space = problem.space if found.space is None else make_space(found.space)
    return space.parse(found.architecture)
