"""The sizes of the checks: for three minutes of a GPU, and for a minute of a CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks._gpu.task import NAME
from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.tasks import task_class

FACTS = ("ok", "diverged")


@dataclass(frozen=True)
class Scale:
    """The sizes of all checks.

    Attributes:
        device: The device to check.
        quick: Whether they are for a CPU.
        images: Settings of the task of images.
        text: Settings of the task of text.
        recipe: Settings that change each recipe for images.
        space: Settings of the space of stages.
        published: Names of published networks whose speed is measured; none: a small one's.
        batches: Images of a step at which it is measured.
        peaks: See :func:`~benchmarks._rates.measured_peaks`.
        children: Architectures that are compared.
        seeds: Trainings of each.
        workers: Numbers of children at once.
        healthy: Healthy children beside those with a fault.
        time_limit: Seconds after which one of them is stopped.
    """

    device: str = "cuda"
    quick: bool = False
    images: Mapping[str, Any] = field(default_factory=lambda: {"name": NAME})
    text: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=lambda: {"resolution": 16, "padding": 1})
    space: Mapping[str, Any] = field(
        default_factory=lambda: {"layers": 3, "filter_sizes": [3], "filters": [16, 32]}
    )
    published: bool = True
    batches: tuple[int, ...] = (64, 512, 2_048)
    peaks: tuple[int, int] | None = None
    children: int = 3
    seeds: int = 4
    workers: tuple[int, ...] = (1, 2, 4, 8, 16)
    healthy: int = 6
    time_limit: float = 12.0

    def problem(
        self,
        recipe: Mapping[str, Any],
        space: Mapping[str, Any] | str = "staged",
        *,
        device: str | None = None,
        **how: Any,
    ) -> Problem:
        """Return a problem of the synthetic images."""
        settings = {"name": "staged", **self.space} if space == "staged" else space
        changed = {"preset": "record_search", **self.recipe, **recipe}
        where = device or self.device
        return Problem(self.images, settings, recipe=changed, device=where, **how)

    def text_problem(self, *, device: str | None = None, **how: Any) -> Problem:
        """Return a problem of Python's own manual."""
        (settings,) = task_class("python_docs").environments.values()
        task = {"name": "python_docs", **self.text}
        recipe = {"preset": "short"}
        return Problem(task, **settings, recipe=recipe, device=device or self.device, **how)


def scale_of(device: str, quick: bool) -> Scale:
    """Return the sizes for a device; quick ones are for a test of the checks."""
    if not quick:
        return Scale(device)
    return replace(
        Scale(device),
        quick=True,
        images={"name": NAME, "train_size": 512, "validation_size": 200},
        recipe={"resolution": 8, "padding": 1, "batch_size": 64, "epochs": 2},
        space={"layers": 2, "filter_sizes": [3], "filters": [4, 8]},
        published=False,
        batches=(64,),
        peaks=(256, 2),
        children=2,
        seeds=2,
        workers=(1, 2),
        healthy=3,
        time_limit=6.0,
    )


def drawn(problem: Problem, count: int) -> Sequence[Sequence[int]]:
    """Draw the tokens of so many children, always the same."""
    return problem.space.sample_batch(np.random.default_rng(0), count).tolist()


def evaluated(problem: Problem, count: int) -> list[Evaluation]:
    """Return the evaluations of so many children of a problem, and close it."""
    try:
        return [evaluation for _, evaluation in problem.evaluate(drawn(problem, count))]
    finally:
        problem.close()
