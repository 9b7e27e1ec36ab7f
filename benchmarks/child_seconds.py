"""Measures how long a child of each environment takes on one core of this machine.

NAS_DATA=... python -m benchmarks.child_seconds            # about ten minutes

The network whose FLOPs are the median of 60 random ones, by the recipe that an environment takes on
a CPU. The seconds are those of the process, so that other work on the machine counts little.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks._results import save
from nas_env.command_line.program import command
from nas_env.errors import DataNotFound, InvalidValue
from nas_env.evaluation.in_process import InProcessEvaluator
from nas_env.problem import Problem
from nas_env.tasks import task_class, task_names
from nas_env.training.allocator import keep_memory

DRAWN = 60


@dataclass(frozen=True)
class Options:
    """Train a typical child of each environment.

    Attributes:
        env: Ids; by default all whose children are trained.
    """

    env: tuple[str, ...] = ()


def measure(options: Options) -> None:
    """Train, print the seconds and write them."""
    keep_memory()
    figures: dict[str, Any] = {}
    for name in task_names():
        task = task_class(name)
        for id, settings in task.environments.items():
            trained = task.default_evaluator == InProcessEvaluator.name()
            if trained and id in (options.env or task.environments):
                figures[id] = child(name, settings)
                print(f"{id:28} {figures[id]}", flush=True)
    chosen = f" --env {' '.join(options.env)}" if options.env else ""
    save("child_seconds", f"python -m benchmarks.child_seconds{chosen}", figures)


def child(task: str, settings: Any) -> dict[str, Any] | str:
    """Return the seconds of one child, and its result."""
    try:
        problem: Any = Problem(task, **settings, device="cpu")
        problem.verify_data()
    except (DataNotFound, InvalidValue):  # one's own data: no path to it is given
        return "data not found"
    problem.task.search_data()  # is read once a process, whatever is trained
    drawn = problem.space.sample_batch(np.random.default_rng(0), DRAWN).tolist()
    drawn.sort(key=lambda tokens: flops(problem, tokens))
    begun = time.process_time()
    ((_, evaluation),) = problem.evaluate([drawn[DRAWN // 2]])
    seconds = time.process_time() - begun
    return {
        "seconds": round(seconds, 1),
        "status": evaluation.status,
        problem.task.metric.name: None,  # of one that failed
        **evaluation.metrics,
    }


def flops(problem: Any, tokens: list[int]) -> int:
    """Return the FLOPs of a forward pass over one example."""
    architecture = problem.space.decode(tokens)
    return problem.space.cost(architecture, problem.task.input_shape, problem.task.outputs).flops


main = command("python -m benchmarks.child_seconds", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
