"""Measures how much the times of children differ: those of the digits, and FLOPs on CIFAR-10.

python -m benchmarks.child_times          # some two minutes on two slow cores

The children of ``NAS-Digits-v0`` are random ones, really trained; their seconds are those of their
thread, so that other work on the machine counts little. On CIFAR-10 the FLOPs of random networks
are counted. Each distribution is told by its quantiles, divided by its mean: the simulated
evaluator draws from them (nas_env/evaluation/_times.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from scipy.stats import spearmanr

import nas_env  # noqa: F401 - registers the environments
from benchmarks._results import save
from nas_env.command_line.program import command
from nas_env.evaluation._job import Job
from nas_env.problem import Problem

AGREEMENT = "rank correlation of seconds and FLOPs"
STEPS = 20  # between the quantiles 0 and 1
DEPTHS = (6, 12, 20)  # layers of the paper's schedule


@dataclass(frozen=True)
class Options:
    """Measure the times of children.

    Attributes:
        trained: Number of children that are trained on the digits.
        counted: Number of networks of each depth whose FLOPs are counted.
    """

    trained: int = 120
    counted: int = 400


def measure(options: Options) -> None:
    """Train and count, print the figures and write them."""
    flops, seconds = np.array(list(trained(options.trained))).T
    agreement: Any = spearmanr(flops, seconds)
    figures: dict[str, Any] = {
        "digits": {**told(seconds), AGREEMENT: round(float(agreement.statistic), 3)}
    }
    for layers in DEPTHS:
        figures[f"layers_{layers}"] = told(np.array(list(counted(layers, options))))
    for name, row in figures.items():
        print(name, row)
    arguments = f"--trained {options.trained} --counted {options.counted}"
    save("child_times", f"python -m benchmarks.child_times {arguments}", figures)


def trained(count: int) -> Iterator[tuple[float, float]]:
    """Train random children of the digits; yield the FLOPs and the seconds of each."""
    problem = problem_of("NAS-Digits-v0")
    rng = np.random.default_rng(0)
    for number in range(count + 1):
        tokens = problem.space.sample(rng)
        ((architecture, found),) = problem.evaluate([tokens])
        kept = problem.store.get(problem.request(architecture).key)
        if number and kept is not None and found.flops is not None:  # the first reads the data
            yield float(found.flops), kept.cpu_seconds
    problem.close()


def counted(layers: int, options: Options) -> Iterator[float]:
    """Count the FLOPs of random networks on CIFAR-10, a skip connection being as likely as not."""
    problem = problem_of("NAS-CIFAR10-v0", layers=layers)
    rng = np.random.default_rng(layers)
    for _ in range(options.counted):
        architecture = problem.space.decode(problem.space.sample(rng))
        yield float(Job(problem.request(architecture)).cost.flops)
    problem.close()


def problem_of(environment: str, **settings: Any) -> Problem:
    """Return the problem of an environment."""
    made = gymnasium.make(environment, device="cpu", **settings)
    return made.unwrapped.problem  # type: ignore[attr-defined]


def told(values: np.ndarray) -> dict[str, Any]:
    """Return what is told of a distribution."""
    shares = values / values.mean()
    quantiles = np.quantile(shares, np.linspace(0, 1, STEPS + 1))
    return {
        "children": len(values),
        "mean": float(f"{values.mean():.4g}"),
        "coefficient of variation": round(float(shares.std(ddof=1)), 3),
        "quantiles over the mean": [round(float(each), 3) for each in quantiles],
    }


main = command("python -m benchmarks.child_times", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
