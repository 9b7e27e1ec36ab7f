"""The sizes of the checks: for three minutes of a GPU, and for a minute of a CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks._gpu.task import NAME
from nas_env.problem import Problem
from nas_env.records import Evaluation, Request
from nas_env.tasks import task_class


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
        batches: Images of a step at which it is measured; the highest for small networks alone.
        peaks: See :func:`~benchmarks._rates.measured_peaks`.
        compared: Settings of the recipe of children that are trained on the CPU as well.
        children: Architectures that are compared.
        seeds: Trainings of each.
        beside: Evaluator of the CPU.
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
    compared: Mapping[str, Any] = field(default_factory=lambda: {"epochs": 2, "images": 4_096})
    children: int = 3
    seeds: int = 4
    beside: str = "workers"
    workers: tuple[int, ...] = (1, 2, 4, 8, 16)
    healthy: int = 6
    time_limit: float = 20.0

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
        text={"train_size": 8_000, "validation_size": 1_000},
        recipe={"resolution": 8, "padding": 1, "batch_size": 64, "epochs": 2},
        space={"layers": 2, "filter_sizes": [3], "filters": [4, 8]},
        published=False,
        batches=(64,),
        peaks=(256, 2),
        compared={"epochs": 2},
        children=2,
        seeds=2,
        beside="in_process",
        workers=(1, 2),
        healthy=3,
        time_limit=6.0,
    )


def drawn(problem: Problem, count: int) -> Sequence[Sequence[int]]:
    """Draw the tokens of so many children, always the same."""
    return problem.space.sample_batch(np.random.default_rng(0), count).tolist()


def requests(problem: Problem, count: int, seeds: int = 1) -> list[Request]:
    """Return requests for so many children of a problem, each with so many seeds."""
    sequences = drawn(problem, count)
    asked = [problem.request(problem.space.decode(tokens)) for tokens in sequences]
    return [replace(each, seed=seed) for seed in range(seeds) for each in asked]


def evaluated(problem: Problem, count: int, seeds: int = 1) -> list[Evaluation]:
    """Return the evaluations of so many children, each with so many seeds; close the problem."""
    try:
        futures = problem.evaluator.submit_batch(requests(problem, count, seeds))
        return [future.result() for future in futures]
    finally:
        problem.close()
