"""Compares bfloat16 with float32 on the digits: CPU time and accuracy of the same children.

python -m benchmarks.precision       # about two minutes on one core
"""

from __future__ import annotations

import time

import gymnasium
import numpy as np
import torch

import nas_env  # noqa: F401 - registers the environments
from benchmarks._results import mean_interval, save

ARCHITECTURES = 20
PRECISIONS = ("float32", "bfloat16")


def main() -> None:
    """Train the same random architectures in both precisions, in turn, in one process."""
    torch.set_num_threads(1)
    environments = [
        gymnasium.make("NAS-Digits-v0", device="cpu", recipe={"precision": name})
        for name in PRECISIONS
    ]
    problems = [environment.unwrapped.problem for environment in environments]  # type: ignore[attr-defined]
    rng = np.random.default_rng(5)
    for problem in problems:  # imports and data are not what is timed
        problem.evaluate([problem.space.sample(rng)])
    seconds, accuracy = np.zeros((2, ARCHITECTURES)), np.zeros((2, ARCHITECTURES))
    for number, tokens in enumerate(problems[0].space.sample_batch(rng, ARCHITECTURES).tolist()):
        for row, problem in enumerate(problems):
            start = time.process_time()
            ((_, evaluation),) = problem.evaluate([tokens])
            seconds[row, number] = time.process_time() - start
            accuracy[row, number] = evaluation.metrics.get(problem.task.metric.name, 0.0)
    figures = {
        "architectures": ARCHITECTURES,
        "CPU time, bfloat16 / float32": float(seconds[1].sum() / seconds[0].sum()),
        "accuracy, bfloat16 - float32": mean_interval((accuracy[1] - accuracy[0]).tolist()),
        "largest difference of accuracy": float(np.abs(accuracy[1] - accuracy[0]).max()),
    }
    print(save("precision", "python -m benchmarks.precision", figures))
    print(figures)


if __name__ == "__main__":
    main()
