"""A study: all agents that played one environment with one budget, as arrays."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nas_env.benchmark._anytime import at_times, expected_best
from nas_env.benchmark._environment import all_sequences, make_vector, truth_of
from nas_env.benchmark._job import Budget
from nas_env.metrics import Metric

CONTROL = "random_search"
EXACT = "random search, exact"


@dataclass(frozen=True)
class Runs:
    """The searches of one agent, as arrays (seeds, amount of the budget).

    Attributes:
        name: Name of the agent, without its preset.
        seeds: Seed of each search.
        value: Reported metric of the incumbent after so many episodes (or distinct architectures).
        seconds: Simulated compute until then.
        distinct: Number of different architectures until then.
        wall: Milliseconds per episode, agent and environment together: (seeds,).
    """

    name: str
    seeds: tuple[int, ...]
    value: np.ndarray
    seconds: np.ndarray
    distinct: np.ndarray
    wall: np.ndarray


@dataclass(frozen=True)
class Study:
    """All agents that played one environment with one budget.

    Attributes:
        environment: Id of the environment.
        make: Further keyword arguments of the environment.
        budget: Length of each search.
        reported: Metric of an incumbent that is reported, ``"test"`` or ``"validation"``.
        metric: Main metric of what was searched.
        scale: Factor of the metric: 100 for an accuracy that was a fraction.
        optimum: The best reported metric of the table; None if it is unknown.
        runs: The searches by label, in the order in which they were asked for.
        versions: Versions of the packages that played.
        problem: Complete settings of the problem that was searched.
    """

    environment: str
    make: Mapping[str, Any]
    budget: Budget
    reported: str
    metric: Metric
    scale: float
    optimum: float | None
    runs: Mapping[str, Runs]
    versions: Mapping[str, str]
    problem: Mapping[str, Any]

    @property
    def amount(self) -> int:
        """The number of episodes or architectures in the budget."""
        return self.budget.amount

    @property
    def counted(self) -> str:
        """The name of what the budget counts, for an axis."""
        return "episodes" if self.budget.kind == "episodes" else "distinct architectures"

    @property
    def sign(self) -> int:
        """1 if a higher metric is better, else -1."""
        return 1 if self.metric.maximise else -1

    @property
    def quantity(self) -> str:
        """The name of the reported metric, for an axis."""
        kind = "" if self.metric.name == "validation" else self.metric.short
        return f"{self.reported} {kind}".strip() + (" (%)" if self.metric.is_share else "")

    @property
    def decimals(self) -> int:
        """The decimals of the metric on a page: 2 of percentages and the like, 4 of small ones."""
        ends = [runs.value[:, -1] for runs in self.runs.values()]
        return 2 if np.nanmax(np.abs(np.concatenate(ends))) >= 10 else 4

    @property
    def control(self) -> str | None:
        """The label of random search; None if it was not played."""
        return next((label for label, r in self.runs.items() if r.name == CONTROL), None)

    def score(self, label: str, mark: int) -> np.ndarray:
        """Return the scores of an agent's searches at a mark, higher is better: (seeds,)."""
        return self.sign * self.runs[label].value[:, mark - 1]

    def regret(self, values: Any) -> Any:
        """Return the distance from the optimum of values, which are an array or a number."""
        assert self.optimum is not None
        return self.sign * (self.optimum - values)

    @cached_property
    def exact(self) -> np.ndarray | None:
        """Random search, computed from the whole table: (amount,); None if that is impossible."""
        if self._everything is None:
            return None
        selection, report, weights = self._everything
        draws = np.arange(1, self.amount + 1)
        if self.budget.kind == "episodes":
            return expected_best(selection, report, draws, weights=weights)
        if not np.allclose(weights, weights[0]):
            return None  # without replacement it is known only where all are equally likely
        return expected_best(selection, report, draws, replacement=False)

    @cached_property
    def perfect(self) -> float | None:
        """The metric that a search of the whole table reports; None if the table is too large."""
        if self._everything is None:
            return None
        selection, report, weights = self._everything
        best = selection == np.nanmax(selection)
        return float(np.average(report[best], weights=weights[best]))

    @cached_property
    def _everything(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """The selection metric, the reported metric and the weight of each row of the table."""
        return _read_table(self)

    def at_compute(self, label: str, grid: np.ndarray) -> np.ndarray:
        """Return the incumbent's metric at given simulated seconds: (seeds, grid)."""
        runs = self.runs[label]
        return np.array(
            [at_times(*row, grid) for row in zip(runs.seconds, runs.value, strict=True)]
        )


def _read_table(study: Study) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    environment = make_vector(study.environment, study.make, 1)
    with contextlib.closing(environment):
        problem, truth = environment.unwrapped.problem, truth_of(environment)
        everything = None if truth is None else all_sequences(problem.space)
        if truth is None or everything is None:
            return None
        tokens, weights = everything
        _, first, group = np.unique(truth.networks(tokens), return_index=True, return_inverse=True)
        figures = truth.answers.measure(tokens[first])
        searched = figures.values[problem.task.metric.name]
        rewards = problem.rewards(figures, truth.answers)
        selection = np.where(np.isnan(searched), np.nan, rewards)
        report = truth.test(tokens[first]) if study.reported == "test" else searched
    return selection, study.scale * report, np.bincount(group, weights)
