"""Count how many random recurrent cells diverge, and what they cost.

python -m benchmarks.diverging      # some minutes: 200 cells on Python's manual

Each is trained by the environment's own recipe, in worker processes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

import nas_env  # noqa: F401 - registers the environments
from benchmarks._results import save
from nas_env.command_line.program import command
from nas_env.problem import Problem


@dataclass(frozen=True)
class Options:
    """Train random cells.

    Attributes:
        env: A language environment's id.
        cells: Number of cells.
        seed: Seed of their sampling.
    """

    env: str = "NAS-PyDocs-v0"
    cells: int = 200
    seed: int = 0


def measure(options: Options) -> None:
    """Train, count, print and keep the figures."""
    environment = gymnasium.make(options.env, evaluator="workers")
    try:
        figures = outcomes(environment.unwrapped.problem, options)  # type: ignore[attr-defined]
    finally:
        environment.close()
    for name, value in figures.items():
        print(f"{name:56} {value}")
    command = f"python -m benchmarks.diverging --env {options.env} --cells {options.cells}"
    save("diverging", f"{command} --seed {options.seed}", figures)


def outcomes(problem: Problem, options: Options) -> dict[str, Any]:
    """Return how many cells have each status, how many diverged at once, and their seconds."""
    rng = np.random.default_rng(options.seed)
    found = problem.evaluate(problem.space.sample_batch(rng, options.cells).tolist())
    evaluations = [evaluation for _, evaluation in found]
    seconds = np.array(
        [sum(e.seconds.get(p, 0) for p in ("train", "validate")) for e in evaluations]
    )
    ended = np.array([e.status for e in evaluations])
    epochs = [len(e.curves["training_loss"]) for e in evaluations if e.status == "diverged"]
    figures: dict[str, Any] = {"cells": len(evaluations)}
    for status in sorted(set(ended)):
        these = seconds[ended == status]
        figures[status] = len(these)
        figures[f"{status}: median seconds"] = round(float(np.median(these)), 2)
        figures[f"{status}: share of all seconds"] = round(float(these.sum() / seconds.sum()), 4)
    figures["diverged in the first epoch"] = sum(epoch == 0 for epoch in epochs)
    return figures


main = command("python -m benchmarks.diverging", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
