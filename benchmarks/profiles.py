"""Measures where the time goes, in the training of one child and in a whole search.

NAS_DATA=... python -m benchmarks.profiles      # about two minutes on one core

The child is a random network of six layers (seed 0), trained on CIFAR-10 on one thread under
``torch.profiler``, which gives the own time of each sort of operator. The search is that of
``make search`` on the digits, in this process under ``cProfile``, which gives the time from
entering to leaving each part.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks._results import save
from nas_env.benchmark._command import command
from nas_env.command_line.train import main as train_agent
from nas_env.problem import Problem
from nas_env.training.allocator import keep_memory
from nas_env.training.images import train

LAYERS, STEPS, BATCH, CHILDREN = 6, 20, 128, 60

#: Sorts of operators, each with parts of their names; the first that fits counts.
SORTS = {
    "convolution, backward": ("convolution_backward",),
    "convolution, forward": ("convolution",),
    "batch norm": ("batch_norm",),
    "ReLU": ("clamp_min_", "threshold_backward", "relu"),
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
    "store": ("nas_env/run/store.py", "put"),
    "history": ("nas_env/run/store.py", "record_episodes"),
    "checkpoints": ("nas_env/search/checkpoint.py", "write_checkpoint"),
}


@dataclass(frozen=True)
class Options:
    """Profile one child, and one search."""


def measure(_: Options) -> None:
    """Profile both, print the shares and write them."""
    torch.set_num_threads(1)
    keep_memory()
    figures = {"one child, share of its time": child(), "a search, share of its time": search()}
    for title, shares in figures.items():
        print(title)
        for name, share in sorted(shares.items(), key=lambda item: -item[1]):
            print(f"  {name:44} {share:6.3f}")
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
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        run()
    spent: Counter[str] = Counter()
    for event in profiled.key_averages():
        spent[sort(event.key)] += event.self_cpu_time_total
    return {name: round(time / spent.total(), 4) for name, time in spent.items()}


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
