"""Measures where the time goes, in the training of one child and in a whole search.

NAS_DATA=... python -m benchmarks.profiles      # about two minutes on one core

The child is a random network of six layers (seed 0), trained on CIFAR-10 on one thread under
``torch.profiler``, which gives the own time of each sort of operator. So is the hand-made network
``airbench94`` by the recipe ``record``, on as many threads as that recipe has; its rate of
arithmetic is told beside that of a matrix product of the same precision. The search is that of
``make search`` on the digits, in this process under ``cProfile``, which gives the time from
entering to leaving each part.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks._rates import training_flops
from benchmarks._results import save
from nas_env.command_line.program import command
from nas_env.command_line.train import main as train_agent
from nas_env.problem import Problem
from nas_env.tasks import ImageTask
from nas_env.training.allocator import keep_memory
from nas_env.training.images import train
from search_spaces import published_architecture

LAYERS, STEPS, BATCH, CHILDREN = 6, 20, 128, 60
RECORD_STEPS, RECORD_BATCH = 8, 512

#: Sorts of operators, each with parts of their names; the first that fits counts.
SORTS = {
    "convolution, backward": ("convolution_backward",),
    "convolution, forward": ("convolution",),
    "batch norm": ("batch_norm",),
    "ReLU, GELU": ("clamp_min_", "threshold_backward", "relu", "gelu"),
    "pooling": ("max_pool", "amax"),
    "joining skip connections, and its gradient": ("aten::cat", "slice_backward", "aten::add"),
    "crop, flip, whiten": ("index", "aten::sub", "aten::div"),
    "casts and copies": ("copy_", "_to_copy"),
    "optimiser": ("Optimizer", "_foreach"),
}

#: Parts of a search by file and function.
PARTS = {
    "children: build, train, validate": ("evaluation/_child.py", "evaluate"),
    "controller: sample": ("agents/_gradient/policy_gradient.py", "draw"),
    "controller: learn": ("agents/_gradient/policy_gradient.py", "step"),
    "pictures": ("nas_env/search/observers.py", "draw_best"),
    "store": ("nas_env/run/store/_base.py", "put"),
    "history": ("nas_env/run/store/_base.py", "record_episodes"),
    "checkpoints": ("nas_env/search/checkpoint.py", "write_checkpoint"),
}


@dataclass(frozen=True)
class Options:
    """Profile one child, and one search."""


def measure(_: Options) -> None:
    """Profile both, print the shares and write them."""
    torch.set_num_threads(1)
    keep_memory()
    shares, rates = hand_made()
    figures = {
        "one child, share of its time": child(),
        "airbench94, share of its time": shares,
        "airbench94, rates": rates,
        "a search, share of its time": search(),
    }
    for title, numbers in figures.items():
        print(title)
        for name, number in sorted(numbers.items(), key=lambda item: -item[1]):
            print(f"  {name:44} {number:9.3f}")
    save("profiles", "python -m benchmarks.profiles", figures)


def child() -> dict[str, float]:
    """Return the share of each sort of operator in training and validating one child."""
    problem = Problem(
        {"name": "cifar10", "train_size": STEPS * BATCH, "validation_size": 1_000},
        {"name": "convolutional", "layers": LAYERS},
        recipe={"preset": "short", "epochs": 1},
        device="cpu",
    )
    task: Any = problem.task
    tokens = problem.space.sample(np.random.default_rng(0))
    data, cpu = task.search_data(), torch.device("cpu")

    def run() -> None:
        network = problem.space.build(problem.space.decode(tokens), task.input_shape, task.outputs)
        train(network, data, problem.recipe, seed=0, device=cpu)

    run()  # warms up
    return profiled(run)


def profiled(run: Callable[[], object]) -> dict[str, float]:
    """Return the share of each sort of operator in the time of what is run."""
    with profile(activities=[ProfilerActivity.CPU]) as found:
        run()
    spent: Counter[str] = Counter()
    for event in found.key_averages():
        spent[sort(event.key)] += event.self_cpu_time_total
    return {name: round(each / spent.total(), 4) for name, each in spent.items()}


def hand_made() -> tuple[dict[str, float], dict[str, float]]:
    """Return the shares of a training of ``airbench94``, and its rate beside a matrix product's."""
    problem = Problem(
        {"name": "cifar10", "train_size": RECORD_STEPS * RECORD_BATCH, "validation_size": 1_000},
        "staged",
        recipe={"preset": "record", "epochs": 1, "batch_size": RECORD_BATCH},
        device="cpu",
    )
    task, recipe, space = problem.task, problem.recipe, problem.space
    assert isinstance(task, ImageTask)
    architecture = space.parse(published_architecture("airbench94"))
    sizes = task.input_shape, task.outputs
    data, cpu, seconds = task.search_data(), torch.device("cpu"), []

    def run() -> None:
        result = train(space.build(architecture, *sizes), data, recipe, seed=0, device=cpu)
        seconds.append(result.seconds["train"])

    torch.set_num_threads(recipe.threads)
    run()  # warms up
    run()
    flops = training_flops(space, architecture, *sizes) * RECORD_STEPS * RECORD_BATCH
    training, product = flops / seconds[-1], matrix_product(recipe.autocast or torch.float32)
    shares = profiled(run)
    torch.set_num_threads(1)
    rates = {
        "training, GFLOP/s": round(training / 1e9, 1),
        "a matrix product, GFLOP/s": round(product / 1e9, 1),
        "share of the matrix product's": round(training / product, 3),
        "images a second": round(RECORD_STEPS * RECORD_BATCH / seconds[-1], 1),
    }
    return shares, rates


def matrix_product(precision: torch.dtype, side: int = 2_048) -> float:
    """Return the FLOPs a second of the product of two square matrices, the fastest of five."""
    matrix, times = torch.ones(side, side, dtype=precision), []
    for _ in range(6):
        start = time.perf_counter()
        torch.mm(matrix, matrix)
        times.append(time.perf_counter() - start)
    return 2 * side**3 / min(times[1:])


def sort(operator: str) -> str:
    """Return the sort of operator that a name belongs to."""
    for name, parts in SORTS.items():
        if any(part in operator for part in parts):
            return name
    return "other"


def search() -> dict[str, float]:
    """Return the share of each part of a search in this process."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--workers", "0", "--children", str(CHILDREN), "--quiet"]
        train_agent(["--children", "2", "--quiet", "--run", str(Path(folder) / "first")])
        profiler = cProfile.Profile()
        profiler.runcall(train_agent, [*arguments, "--run", str(Path(folder) / "run")])
    stats: Any = pstats.Stats(profiler)
    cumulative = {(file, name): times[3] for (file, _, name), times in stats.stats.items()}
    total = max(cumulative.values())
    shares: dict[str, float] = {}
    for part, (end, wanted) in PARTS.items():
        spent = sum(t for (f, name), t in cumulative.items() if f.endswith(end) and name == wanted)
        shares[part] = round(spent / total, 4)
    return shares | {"all else": round(1 - sum(shares.values()), 4)}


main = command("python -m benchmarks.profiles", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
