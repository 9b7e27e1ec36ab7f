"""How many random recurrent cells diverge, and what they cost.

python -m benchmarks.diverging      # some minutes
"""

from __future__ import annotations

import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
import tyro

from benchmarks._results import save
from nas_env.evaluation import evaluate
from nas_env.problem import Problem


@dataclass(frozen=True)
class Options:
    """Train random cells for one epoch.

    Attributes:
        cells: How many.
        tokens: Of the epoch.
        workers: Processes.
    """

    cells: int = 200
    tokens: int = 15_000
    workers: int = os.cpu_count() or 1


def main(options: Options) -> None:
    """Train, count, print and keep the figures."""
    problem = make(options)
    tokens = problem.space.sample_batch(np.random.default_rng(0), options.cells).tolist()
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        found = list(pool.map(outcome, [(options, row) for row in tokens], chunksize=4))
    statuses = Counter(status for status, _ in found)
    figures: dict[str, Any] = {"cells": len(found), **statuses}
    for status in statuses:
        seconds = [s for each, s in found if each == status]
        figures[f"CPU seconds of one that is {status}: median"] = round(float(np.median(seconds)), 2)
    for name, value in figures.items():
        print(f"{name:48} {value}")
    command = f"python -m benchmarks.diverging --cells {options.cells} --tokens {options.tokens}"
    save("diverging", command, figures)


def make(options: Options) -> Problem:
    """The embedded text, by its recipe but for the length."""
    recipe = {"epochs": 1, "tokens": options.tokens}
    return Problem("python_docs", PYDOCS, recipe=recipe, device="cpu")


def outcome(job: tuple[Options, list[int]]) -> tuple[str, float]:
    """The status of one cell, and the CPU seconds that it took."""
    torch.set_num_threads(1)
    options, tokens = job
    problem = make(options)
    begun = time.process_time()
    evaluation = evaluate(problem.request(problem.space.decode(tokens)), torch.device("cpu"))
    return evaluation.status, time.process_time() - begun


if __name__ == "__main__":
    main(tyro.cli(Options))
