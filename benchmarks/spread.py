"""Measures the spread of the reward on the digits between architectures and between seeds.

python -m benchmarks.spread          # about 2 minutes on two slow cores
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product

import gymnasium
import numpy as np
import torch

import nas_env  # noqa: F401 - registers the environments
from benchmarks._results import save
from nas_env.command_line.program import command

ARCHITECTURES, SEEDS = 24, 3


def evaluate(job: tuple[int, int]) -> tuple[float, float, float]:
    """Return accuracy, reward and seconds of a random architecture with an evaluation seed."""
    number, seed = job
    torch.set_num_threads(1)
    environment = gymnasium.make("NAS-Digits-v0", evaluation_seed=seed, device="cpu")
    problem = environment.unwrapped.problem  # type: ignore[attr-defined]
    tokens = problem.space.sample_batch(np.random.default_rng(0), ARCHITECTURES)[number]
    ((architecture, evaluation),) = problem.evaluate([tokens.tolist()])
    kept = problem.store.get(problem.request(architecture).key)
    metric = evaluation.metrics.get(problem.task.metric.name, 0.0)
    return metric, problem.objective.reward(evaluation), sum(kept.seconds.values())


@dataclass(frozen=True)
class Options:
    """Measure the spread of the reward on the digits."""


def measure(_: Options) -> None:
    """Train 24 random architectures with 3 seeds each."""
    jobs = list(product(range(ARCHITECTURES), range(SEEDS)))
    with ProcessPoolExecutor(max_workers=2) as pool:
        table = np.array(list(pool.map(evaluate, jobs))).reshape(ARCHITECTURES, SEEDS, 3)
    accuracy, reward, seconds = table.transpose(2, 0, 1)
    between_seeds = float(np.sqrt(reward.var(axis=1, ddof=1).mean()))
    # The variance of the means has the seeds' share in it, which is taken out.
    variance = reward.mean(axis=1).var(ddof=1) - between_seeds**2 / SEEDS
    between_architectures = float(np.sqrt(max(variance, 0.0)))
    figures = {
        "architectures": ARCHITECTURES,
        "seeds": SEEDS,
        "accuracy": {
            "mean": float(accuracy.mean()),
            "least": float(accuracy.mean(axis=1).min()),
            "most": float(accuracy.mean(axis=1).max()),
        },
        "deviation of the reward between architectures": between_architectures,
        "deviation of the reward between seeds": between_seeds,
        "ratio": between_architectures / between_seeds,
        "seconds a child, median": float(np.median(seconds)),
    }
    print(save("spread", "python -m benchmarks.spread", figures))
    print(figures)


main = command("python -m benchmarks.spread", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
