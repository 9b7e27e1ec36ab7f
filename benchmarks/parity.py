"""Compares accuracies, and CPU times: the engine with a naive loop, and bfloat16 with float32.

NAS_DATA=... python -m benchmarks.parity                 # CIFAR-10; an hour on two cores
python -m benchmarks.parity --task digits --seeds 180    # seven minutes

The same architectures are trained from the same first weights by the same recipe in three ways:
*naive* (``benchmarks/_naive.py``), by the engine in float32, and by the engine in bfloat16.
Differences are paired by architecture and seed.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, Literal

import numpy as np
import torch

from benchmarks import _naive
from benchmarks._results import save
from nas_env.benchmark._processes import in_processes
from nas_env.benchmark._statistics import mean_interval
from nas_env.command_line.program import command
from nas_env.problem import Problem
from nas_env.training.images import train

WAYS = ("naive", "float32", "bfloat16")
PAIRS = {"engine - naive": ("float32", "naive"), "bfloat16 - float32": ("bfloat16", "float32")}
PROBLEMS: dict[str, dict[str, Any]] = {
    "cifar10": {
        "task": {"name": "cifar10", "train_size": 5_000},
        "space": {"name": "convolutional", "layers": 6, "pooling": [1, 3]},
        "recipe": {"preset": "short", "epochs": 8},
    },
    "digits": {
        "task": "digits",
        "space": {"name": "convolutional", "layers": 4, "filters": [6, 12, 24, 36]},
        "recipe": {"preset": "short"},
    },
}


@dataclass(frozen=True)
class Options:
    """Train the same children in three ways.

    Attributes:
        task: Task on which they are trained.
        architectures: Number of architectures, drawn from the space with a seed.
        seeds: Number of trainings of each.
        workers: Number of processes.
    """

    task: Literal["cifar10", "digits"] = "cifar10"
    architectures: int = 3
    seeds: int = 10
    workers: int = os.cpu_count() or 1


@dataclass(frozen=True)
class Job:
    """One training of one architecture."""

    task: str
    architecture: tuple[int, ...]
    seed: int
    way: str


def measure(options: Options) -> None:
    """Train, compare, print the figures and write them."""
    example = problem(options.task, "float32")
    example.verify_data()
    drawn = example.space.sample_batch(np.random.default_rng(0), options.architectures).tolist()
    jobs = [
        Job(options.task, tuple(tokens), seed, way)
        for tokens, seed, way in product(drawn, range(options.seeds), WAYS)
    ]
    found = np.array(in_processes(trained, jobs, options.workers))
    # accuracy and seconds, each (architectures, seeds, ways)
    accuracy, seconds = found.T.reshape(2, options.architectures, options.seeds, len(WAYS))
    points = 100 * accuracy
    figures: dict[str, Any] = {}
    for index, way in enumerate(WAYS):
        figures[f"{way}: mean accuracy by architecture"] = points[..., index].mean(axis=1).tolist()
    for name, (one, other) in PAIRS.items():
        differences = points[..., WAYS.index(one)] - points[..., WAYS.index(other)]
        interval = mean_interval(differences.ravel())
        figures[f"{name}, points of accuracy"] = interval.value
        figures[f"{name}, half its 95% interval"] = interval.half
        figures[f"{name}, largest difference"] = np.abs(differences).max()
    for one, other in PAIRS.values():
        ratio = seconds[..., WAYS.index(one)].sum() / seconds[..., WAYS.index(other)].sum()
        figures[f"{one} / {other}, CPU time"] = ratio
    for name, value in figures.items():
        print(f"{name:48} {np.round(value, 2)}")
    command = (
        f"python -m benchmarks.parity --task {options.task} "
        f"--architectures {options.architectures} --seeds {options.seeds}"
    )
    save(f"parity_{options.task}", command, figures)


@lru_cache
def problem(task: str, precision: str) -> Problem:
    """Return the problem with the children's space, data and recipe."""
    settings = PROBLEMS[task]
    recipe = settings["recipe"] | {"precision": precision}
    return Problem(settings["task"], settings["space"], recipe=recipe, device="cpu")


@lru_cache
def data(task: str) -> Any:
    """Return the part of the task's data that a search sees."""
    return problem(task, "float32").task.search_data()  # type: ignore[attr-defined]


def trained(job: Job) -> tuple[float, float]:
    """Train one child; return its validation accuracy as a search does, and its CPU time."""
    own = problem(job.task, "float32" if job.way == "naive" else job.way)
    images = data(job.task)
    task: Any = own.task
    torch.manual_seed(job.seed)
    child = own.space.build(own.space.decode(job.architecture), task.input_shape, task.outputs)
    begun = time.process_time()
    if job.way == "naive":
        curves = {task.metric.name: _naive.train(child, images, own.recipe)}
    else:
        result = train(child, images, own.recipe, seed=job.seed, device=torch.device("cpu"))
        assert not result.diverged, result.reason
        curves = result.curves
    return task.measure(curves)[task.metric.name], time.process_time() - begun


main = command("python -m benchmarks.parity", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
