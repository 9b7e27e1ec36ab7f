"""Measures how fast a network is trained by a final recipe, and so how many epochs there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from nas_env.command_line.retraining import read_line
from nas_env.evaluation._child import train_on
from nas_env.evaluation._job import Job
from nas_env.final.comparison import Comparison, request
from nas_env.problem import Problem
from nas_env.tasks import sealed_test_set
from nas_env.training.growing import size_at
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.outcome import Training, unheard

TESTED = 10_000  # images of CIFAR-10's test set
FEW = 4  # steps that do everything for the first time; twice as many are measured at least
VALIDATED = 256  # images whose validation is timed


class Pace(NamedTuple):
    """The time that a training takes.

    Attributes:
        step: Seconds a step.
        image: Seconds to test an image.
        busy: Cores at work, on average.
        steps: Steps of an epoch of the final training.
    """

    step: float
    image: float
    busy: float
    steps: int

    def epochs(self, seconds: float) -> int:
        """Return the epochs that seconds are enough for, the test included; at least one.

        Example:
            >>> Pace(step=0.5, image=0.002, busy=2.0, steps=100).epochs(20 + 10 * 50)
            10
        """
        return max(1, int((seconds - TESTED * self.image) / (self.step * self.steps) + 1e-9))


def asked(words: Sequence[str], store: Path | None = None) -> tuple[Problem, Job]:
    """Return the problem of a line of ``nas-retrain``, and the training that it compares by."""
    wanted = read_line(words, "nas-retrain")
    problem = Problem(**wanted.make, store=store)
    candidate = Comparison(problem, wanted.plan.found, wanted.plan.grid).candidates[0]
    return problem, Job(request(problem, candidate))


@sealed_test_set()
def pace(words: Sequence[str], seconds: float) -> Pace | None:
    """Measure how fast a line of ``nas-retrain`` trains, in a whole training of few steps.

    Args:
        words: The words of the line; the epochs do not matter.
        seconds: About so many seconds are measured, after a few steps that do everything for the
            first time.

    Returns:
        None where the network diverges.
    """
    problem, job = asked(words)
    try:
        sizes = job.data(problem.device).sizes
        steps, most = job.recipe.steps_an_epoch(sum(sizes)), job.recipe.steps_an_epoch(sizes[0])
        few = min(most, FEW)
        first = trained(problem, job, few)
        found = trained(problem, job, timed := _steps(few, most, seconds, first))
        if found.diverged:
            return None
        train, validate = found.seconds["train"], found.seconds["validate"]
        busy = found.cpu_seconds / (train + validate)
        return Pace(train / timed, validate / min(VALIDATED, sizes[1]), busy, steps)
    finally:
        problem.close()


def _steps(few: int, most: int, seconds: float, first: Training) -> int:
    """Return how many steps are measured, by what the first few took."""
    return min(most, max(2 * few, int(seconds * few / first.seconds["train"])))


def trained(problem: Problem, job: Job, steps: int) -> Training:
    """Train for so many steps, as if they were all, and validate a few images."""
    data: Any = job.data(problem.device)
    part = data.part(job.recipe.examples_of(steps), min(VALIDATED, data.sizes[1]))
    once: Any = replace(job.recipe, epochs=1)  # type: ignore[type-var]
    _, result = train_on(job, once, part, problem.device, unheard)
    return result


def images_of(recipe: ImageRecipe, examples: int, side: int) -> float:
    """Return the images of a training, in images of the task's own size.

    Example:
        >>> images_of(ImageRecipe(epochs=2, batch_size=10, resolution=16), 105, 32)
        50.0
    """
    whole = min(side, recipe.resolution or side)
    sides = [size_at(recipe, (whole, whole), place / 100)[0] for place in range(100)]
    share = fmean((each / side) ** 2 for each in sides)
    return recipe.epochs * recipe.steps_an_epoch(examples) * recipe.batch_size * share
