"""Does the engine train a cell as well as torch's own LSTM? The LSTM of the space beside it.

NAS_DATA=... python -m benchmarks.language        (PTB; an hour on two cores of the slower kind)

Both are LSTMs of the same hidden size, trained by the same loop with the preset of Zaremba's
medium model (without its dropout, as their small model of 200 units); the seeds are the pairs.
The LSTM of the space has no biases and sums its output gate over four leaves, its forget gate
over two; with the medium model's ±0.05 a hundred units have next to no signal at the start.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
import tyro

from benchmarks._results import save
from benchmarks._statistics import mean_interval
from nas_env.evaluation import evaluate
from nas_env.problem import Problem
from nas_env.records import Request
from nas_env.references import Native, NativeSpace
from nas_env.training.allocator import keep_memory
from search_spaces import published_architecture

MODELS = ("lstm", "native:lstm")


@dataclass(frozen=True)
class Options:
    """Train both LSTMs.

    Attributes:
        task: A language task.
        epochs: Of each training.
        hidden: Units of each layer.
        init_range: Every weight starts uniform in ± this.
        seeds: Trainings of each.
        workers: Processes.
    """

    task: str = "penn_treebank"
    epochs: int = 8
    hidden: int = 100
    init_range: float = 0.2
    seeds: int = 3
    workers: int = os.cpu_count() or 1


def main(options: Options) -> None:
    """Train, print and keep the perplexities."""
    jobs = [(options, *job) for job in product(range(options.seeds), MODELS)]
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        curves = list(pool.map(perplexities, jobs))
    found = {model: np.array(curves[i :: len(MODELS)]) for i, model in enumerate(MODELS)}
    last = {model: values[:, -1] for model, values in found.items()}
    ratio = mean_interval(last["lstm"] / last["native:lstm"])
    figures: dict[str, Any] = {
        "validation perplexity by seed and epoch": {m: v.tolist() for m, v in found.items()},
        "space / native, mean of the pairs": ratio.value,
        "half its 95% interval": ratio.half,
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    command = (
        f"python -m benchmarks.language --task {options.task} --epochs {options.epochs} "
        f"--hidden {options.hidden} --init-range {options.init_range} --seeds {options.seeds}"
    )
    save("language", command, figures)


def perplexities(job: tuple[Options, int, str]) -> list[float]:
    """The validation perplexity of one training after each epoch."""
    torch.set_num_threads(1)
    keep_memory()
    evaluation = evaluate(request(*job), torch.device("cpu"))
    assert evaluation.status == "ok", evaluation.error
    return list(evaluation.curves["validation_perplexity"])


def request(options: Options, seed: int, model: str) -> Request:
    """What is trained."""
    size = {"hidden": options.hidden, "dropout": 0.0, "init_range": options.init_range}
    recipe = {"preset": "zaremba_medium", "epochs": options.epochs}
    problem = Problem(
        options.task, "recurrent_cell", recipe=recipe, device="cpu", evaluation_seed=seed, **size
    )
    if model.startswith("native:"):
        native = Native(model.removeprefix("native:"))
        return problem.request(native, space=NativeSpace(**size).construction)
    return problem.request(problem.space.parse(published_architecture(model)))


if __name__ == "__main__":
    main(tyro.cli(Options))
