"""Measures what a checkpoint of a training takes on this machine: seconds and bytes.

NAS_DATA=... python -m benchmarks.checkpoints            # about a minute
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks._results import save
from nas_env.command_line.program import command
from nas_env.evaluation._checkpoints import EVERY, FileCheckpoints
from nas_env.evaluation._child import settled
from nas_env.evaluation._job import Job
from nas_env.problem import Problem
from nas_env.training.checkpoints import Steps
from nas_env.training.outcome import Training
from search_spaces import _catalogue, published_architecture

CPU = torch.device("cpu")

#: The published network of the paper's first space, and an LSTM of the paper's size by two
#: optimisers. The batches are small: a state does not depend on them.
CASES: dict[str, dict[str, Any]] = {
    "zoph-v1, SGD with momentum": {
        "task": "cifar10",
        "space": {"name": "convolutional", "layers": 15},
        "published": "zoph_le_2017_v1",
        "recipe": {"preset": "paper", "batch_size": 2},
    },
    "LSTM, SGD": {
        "task": "penn_treebank",
        "space": "recurrent_cell",
        "published": "lstm",
        "recipe": {"preset": "zaremba_medium"},
    },
    "LSTM, Adam": {
        "task": "penn_treebank",
        "space": "recurrent_cell",
        "published": "lstm",
        "recipe": {"preset": "short"},
    },
}


@dataclass(frozen=True)
class Options:
    """Write checkpoints of some trainings, and time them.

    Attributes:
        count: Checkpoints of each training.
        folder: Folder in which they are written for a moment; by default that of temporary files.
    """

    count: int = 5
    folder: str | None = None


class Enough(KeyboardInterrupt):
    """All checkpoints were written."""


class Timed(FileCheckpoints):
    """Writes a checkpoint after each step, and notes what it took."""

    def __init__(self, *given: Any, count: int):
        super().__init__(*given)
        self.count = count
        self.seconds: list[float] = []
        self.bytes = 0

    def keep(self, steps: Steps, result: Training) -> None:
        """Write one, until there are enough."""
        begun = time.perf_counter()
        super().keep(steps, result)
        self.seconds.append(time.perf_counter() - begun)
        self.bytes = sum(path.stat().st_size for path in self.folder.iterdir())
        if len(self.seconds) == self.count:
            raise Enough


def measure(options: Options) -> None:
    """Train some steps of each case, print what its checkpoints took, and write it."""
    figures = {}
    for name, case in CASES.items():
        figures[name] = timed(case, options)
        print(f"{name:28} {figures[name]}", flush=True)
    save("checkpoints", "python -m benchmarks.checkpoints", figures)


def timed(case: dict[str, Any], options: Options) -> dict[str, float]:
    """Return the parameters of a network, and what a checkpoint of its training takes."""
    problem: Any = Problem(case["task"], case["space"], recipe=case["recipe"], device="cpu")
    architecture = problem.space.parse(published_architecture(case["published"]))
    job = Job(problem.request(architecture))
    recipe, data = job.recipe, job.data(CPU)
    train, seed = _catalogue.resolve(recipe.engine), job.request.child_seed
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, settled(recipe, seed, CPU):
        checkpoints = Timed(Path(folder), 0.0, job.request, 1, count=options.count)
        with contextlib.suppress(Enough):
            train(job.build(), data, recipe, seed=seed, device=CPU, checkpoints=checkpoints)
    seconds = statistics.median(checkpoints.seconds)
    return {
        "parameters": job.cost.parameters,
        "megabytes": round(checkpoints.bytes / 1e6, 1),
        "seconds": round(seconds, 3),
        "percent_of_training": round(100 * seconds / EVERY, 2),
    }


main = command("python -m benchmarks.checkpoints", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
