"""The settings of a final training, its candidates, and the outcome of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nas_env.final.grid import Grid
from nas_env.final.top import Found
from nas_env.records import Evaluation, Request
from search_spaces import Architecture


@dataclass(frozen=True)
class Plan:
    """The settings of a final training.

    Attributes:
        found: Architectures to compare, the best of the search first.
        grid: Grid of settings around the problem's recipe.
        seeds: Number of trainings of the chosen architecture.
        control: Architectures that the random control found, which are compared likewise.
        beside: Further networks to be trained by the chosen recipe and tested, which no choice is
            made among.
        again: Whether the test set may be used once more.
    """

    found: Sequence[Found]
    grid: Grid
    seeds: int
    control: Sequence[Found] = ()
    beside: Sequence[Found] = ()
    again: bool = False


class Candidate(NamedTuple):
    """An architecture, and a recipe of the grid.

    Attributes:
        found: The architecture as the search found it.
        architecture: Architecture of the space.
        changes: Settings in which the recipe differs from the problem's.
        recipe: The recipe.
    """

    found: Found
    architecture: Architecture
    changes: dict[str, Any]
    recipe: Any

    @property
    def label(self) -> str:
        """The candidate as a person is told of it: ``child 12, learning_rate 0.05``."""
        return ", ".join([self.found.name, *(f"{k} {v}" for k, v in self.changes.items())])


class Tested(NamedTuple):
    """A candidate after its final trainings, one a seed.

    Attributes:
        candidate: The candidate.
        requests: Requests of the trainings.
        evaluations: Evaluations of the requests, in order.
    """

    candidate: Candidate
    requests: list[Request]
    evaluations: list[Evaluation]
