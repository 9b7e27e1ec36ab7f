"""Checks training on a GPU: the engines on CUDA and on the CPU, alone and in workers.

python -m benchmarks.gpu_check                    # a minute or two; data that comes with Python
python -m benchmarks.gpu_check --device cpu       # the same checks where there is no GPU

Everything is trained on the digits and on Python's own manual, so that no data need be carried to
a bare machine. The exit status is 1 where a check fails; all figures go to a JSON file.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks._results import save
from nas_env.benchmark._command import command
from nas_env.parts import choose_device
from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.search.summary import device_name
from nas_env.tasks import task_class

#: The tasks and how far their means on two devices may be apart, in standard errors.
TASKS = ("digits", "python_docs")
STANDARD_ERRORS = 3.5


@dataclass(frozen=True)
class Options:
    """Check the engines on a device.

    Attributes:
        device: The device to check, ``cuda`` or ``cpu``.
        tasks: Tasks to train on; recurrent cells take minutes.
        children: Random children of each task.
        seeds: Trainings of each child.
        workers: Children at once in the check of worker processes.
    """

    device: str = "cuda"
    tasks: tuple[str, ...] = TASKS
    children: int = 6
    seeds: int = 4
    workers: int = 4


def measure(options: Options) -> int:
    """Run all checks, print the results and write them; return 1 if one failed."""
    checks: dict[str, Callable[[str, Options], dict[str, Any]]] = {
        "same numbers twice": twice,
        "as on the CPU": beside_the_cpu,
        "in worker processes": in_workers,
    }
    figures: dict[str, Any] = {"device": device_name(choose_device(options.device))}
    for task in options.tasks:
        for name, check in checks.items():
            begun = time.perf_counter()
            found = check(task, options)
            found["seconds"] = round(time.perf_counter() - begun, 1)
            figures[f"{task}: {name}"] = found
            print(f"{task:12} {name:22} {found}", flush=True)
    passed = all(found["right"] for found in figures.values() if isinstance(found, dict))
    figures["all right"] = passed
    save(
        f"gpu_check_{options.device}",
        f"python -m benchmarks.gpu_check --device {options.device} "
        f"--tasks {' '.join(options.tasks)} --children {options.children} "
        f"--seeds {options.seeds} --workers {options.workers}",
        figures,
    )
    return 0 if passed else 1


def twice(task: str, options: Options) -> dict[str, Any]:
    """Train the same children twice: each evaluation is equal to the last digit."""
    one, other = (evaluations(task, options.device, 0, options) for _ in range(2))
    return {"right": [e.public() for e in one] == [e.public() for e in other]}


def beside_the_cpu(task: str, options: Options) -> dict[str, Any]:
    """Train the same children on both devices: the mean difference is within its noise."""
    differences = []
    for seed in range(options.seeds):
        here, there = (evaluations(task, d, seed, options) for d in (options.device, "cpu"))
        pairs = zip(here, there, strict=True)
        name = task_class(task).metric.name
        differences += [a.metrics.get(name, np.nan) - b.metrics.get(name, np.nan) for a, b in pairs]
    known = np.array(differences)[np.isfinite(differences)]
    error = known.std(ddof=1) / np.sqrt(len(known))
    return {
        "right": bool(abs(known.mean()) <= STANDARD_ERRORS * error + 1e-12),
        "mean difference of the metric": float(known.mean()),
        "standard error": float(error),
        "largest difference": float(np.abs(known).max()),
        "children": len(known),
    }


def in_workers(task: str, options: Options) -> dict[str, Any]:
    """Train the children side by side in processes that share the device: equal numbers."""
    alone = evaluations(task, options.device, 0, options)
    workers = {"name": "workers", "workers": options.workers}
    together = evaluations(task, options.device, 0, options, evaluator=workers)
    return {"right": [e.public() for e in alone] == [e.public() for e in together]}


def evaluations(
    task: str, device: str, seed: int, options: Options, **how: Any
) -> list[Evaluation]:
    """Return the evaluations of the task's random children on a device, by a fresh problem."""
    (settings,) = task_class(task).environments.values()  # of the task's one id
    problem = Problem(task, **settings, recipe="short", device=device, evaluation_seed=seed, **how)
    try:
        drawn = problem.space.sample_batch(np.random.default_rng(0), options.children).tolist()
        return [evaluation for _, evaluation in problem.evaluate(drawn)]
    finally:
        problem.close()


main = command("python -m benchmarks.gpu_check", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
