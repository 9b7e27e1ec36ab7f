"""Estimates the cost of a search before any child is done, from FLOPs and a short rehearsal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import fmean

import numpy as np

from nas_env.errors import InvalidValue
from nas_env.evaluation._child import excess
from nas_env.evaluation._job import Job
from nas_env.evaluation._rehearsal import Rehearsal
from nas_env.problem import Problem
from nas_env.search._moments import duration, moment
from nas_env.tasks import TrainingTask
from nas_env.training.recipe import ChildRecipe

SAMPLES = 16  # architectures whose FLOPs are counted
WORTHWHILE = 0.9  # of a child's seconds; a setting that leaves more is not worth naming
NAMED = 3  # options at most


@dataclass(frozen=True)
class Estimate:
    """The cost of the children that are left.

    Attributes:
        seconds: Seconds a child, on average.
        children: How many children are left.
        at_once: How many of them are trained at the same time.
        shorter: Command-line options with a value that would shorten a child, and the seconds
            that it would then take.
        seconds_left: Seconds after which no more children begin.
    """

    seconds: float
    children: int
    at_once: int
    shorter: Mapping[str, float]
    seconds_left: float = math.inf

    @property
    def total(self) -> float:
        """Seconds until the last child is done."""
        return min(self.seconds_left, self.seconds * self.children / self.at_once)

    @property
    def within(self) -> int:
        """The number of children for which there is time."""
        return min(self.children, round(self.total * self.at_once / self.seconds))

    def lines(self, now: datetime, *, begins: bool = True) -> list[str]:
        """Return what a person reads at the start of a search.

        Args:
            now: When that is.
            begins: Whether its options can still be chosen: a run that goes on has its own.

        Example:
            >>> shorter = {"--recipe.epochs 2": 18.0, "--task.train-size 2000": 24.0}
            >>> lines = Estimate(45.0, 120, 2, shorter).lines(datetime(2026, 3, 2, 16, 55))
            >>> for line in lines:
            ...     print(line)
            about 45 s a child; 120 children, 2 at a time: about 45 min, until 17:40
            shorter: --recipe.epochs 2 (18 s a child), --task.train-size 2000 (24 s a child)
            >>> print(*Estimate(45.0, 120, 2, {}, 1_200).lines(datetime(2026, 3, 2, 16, 55)))
            about 45 s a child; 53 of 120 children, 2 at a time: about 20 min, until 17:15
        """
        children = "1 child" if self.children == 1 else f"{self.children:,} children"
        if self.within < self.children:
            children = f"{self.within:,} of {children}"
        at_once = f", {self.at_once} at a time" if self.at_once > 1 else ""
        lines = [
            f"about {duration(self.seconds)} a child; {children}{at_once}: "
            f"about {duration(self.total)}, until {moment(now, self.total)}"
        ]
        if self.shorter and begins:
            options = (f"{name} ({duration(s)} a child)" for name, s in self.shorter.items())
            lines.append(f"shorter: {', '.join(options)}")
        return lines


def estimate(
    problem: Problem,
    episodes: range,
    layers: Callable[[int], int | None],
    at_once: int,
    seconds_left: float = math.inf,
) -> Estimate | None:
    """Estimate what the children that are left will cost.

    The FLOPs of architectures sampled at the depths of the search are counted; the one nearest to
    their mean is rehearsed where it would be trained, as often at once as children will be, and
    its seconds grow with the FLOPs. The repetitions of an architecture are not foreseen.

    Args:
        problem: What is searched.
        episodes: The numbers of those that are left.
        layers: The layers of an episode's child; None for the space's full depth.
        at_once: How many children will be trained at the same time.
        seconds_left: Seconds after which no more children begin.

    Returns:
        None if nothing can be told, because a table answers or the rehearsal fails.
    """
    if problem.answers is not None or not episodes:
        return None
    found = _typical(problem, [layers(episode) for episode in _spread(episodes)])
    if found is None:
        return None
    typical, ratio = found
    rehearsals = problem.evaluator.rehearse(typical.request, at_once)
    if not rehearsals:
        return None
    mean = Rehearsal(
        *(ratio * fmean(r[part] for r in rehearsals) for part in range(3)),
        examples=rehearsals[0].examples,
    )
    shorter = _shorter(mean, typical.task, typical.recipe)
    return Estimate(_seconds(mean), len(episodes), at_once, shorter, seconds_left)


def _spread(episodes: range) -> list[int]:
    """``SAMPLES`` of the episodes, evenly over them all."""
    return [episodes[index * len(episodes) // SAMPLES] for index in range(SAMPLES)]


def _typical(problem: Problem, depths: list[int | None]) -> tuple[Job, float] | None:
    """Sample a child of about the mean FLOPs; return it, and the mean as a multiple of its own.

    Return None where no child would be trained.
    """
    rng = np.random.default_rng(0)
    flops: list[int] = []
    trained: list[tuple[int, Job]] = []
    for layers in depths:
        architecture = problem.space.decode(problem.space.sample(rng, layers))
        job = Job(problem.request(architecture))
        flops.append(_flops(job))
        if flops[-1]:
            trained.append((flops[-1], job))
    if not trained:
        return None
    mean = fmean(flops)
    own, typical = min(trained, key=lambda each: abs(each[0] - mean))
    return typical, mean / own


def _flops(job: Job) -> int:
    """Count the FLOPs of a child; none of one that is too large or fails, and is not trained."""
    try:
        return 0 if excess(job.request, job.cost) else job.cost.flops
    except Exception:  # its evaluation will say what is wrong
        return 0


def _seconds(rehearsal: Rehearsal) -> float:
    return rehearsal.build + rehearsal.train + rehearsal.validate


def _shorter(rehearsal: Rehearsal, task: TrainingTask, recipe: ChildRecipe) -> dict[str, float]:
    """Name options that would shorten a child, and the seconds that would be left."""
    now, examples = _seconds(rehearsal), rehearsal.examples
    found = {
        _option("recipe", name, value): _changed(
            rehearsal, recipe, replace(recipe, **{name: value}), examples
        )
        for name, value in recipe.shorter().items()
    }
    half = _round(examples // 2)
    if task.train_size_setting is not None and _allowed(task, task.train_size_setting, half):
        option = _option("task", task.train_size_setting, half)
        found[option] = _changed(rehearsal, recipe, recipe, half)
    for name, (value, share) in task.cheaper().items():
        seconds = rehearsal.build + share * (rehearsal.train + rehearsal.validate)
        found[_option("task", name, value)] = seconds
    worthwhile = [(option, s) for option, s in found.items() if s <= WORTHWHILE * now]
    return dict(worthwhile[:NAMED])


def _allowed(task: TrainingTask, setting: str, value: int) -> bool:
    try:
        replace(task, **{setting: value})
    except InvalidValue:
        return False
    return True


def _option(group: str, name: str, value: int | tuple[int, ...]) -> str:
    values = value if isinstance(value, tuple) else (value,)
    return f"--{group}.{name.replace('_', '-')} {' '.join(map(str, values))}"


def _changed(rehearsal: Rehearsal, recipe: ChildRecipe, other: ChildRecipe, examples: int) -> float:
    """The seconds of a child by another recipe, and with so many training examples."""
    epochs = other.epochs / recipe.epochs
    steps = other.steps_an_epoch(examples) / recipe.steps_an_epoch(rehearsal.examples)
    return rehearsal.build + epochs * (steps * rehearsal.train + rehearsal.validate)


def _round(number: int) -> int:
    """Round down to two digits.

    Example:
        >>> _round(22_613), _round(87)
        (22000, 87)
    """
    unit = 10 ** max(0, len(str(number)) - 2)
    return number // unit * unit
