"""Children an hour: what a careful user writes today, beside the engine, in turns within one run.

NAS_DATA=... python -m benchmarks.throughput --quick     # CIFAR-10; some minutes on two cores
NAS_DATA=... python -m benchmarks.throughput             # 16 architectures and the published one

Three ways to train the same architectures on the same images for the same number of steps:

- *naive* (``benchmarks/_naive.py``): torchvision's transforms of each sample in a DataLoader,
  float32, eager, one child at a time on all cores;
- *engine*: ``nas_env.training.images``, one child at a time on all cores;
- *workers*: the engine on one thread, as many children at once as there are cores.

Each way has processes of its own. GFLOP/s count a training step as three forward passes, by the
architecture alone; the peaks are large products and a large convolution in the same run.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks import _naive
from benchmarks._command import command
from benchmarks._processes import processes
from benchmarks._results import save
from nas_env.evaluation._machine import cores
from nas_env.tasks.cifar10 import CIFAR10
from nas_env.training.allocator import keep_memory
from nas_env.training.images import train
from search_spaces import published_architecture
from search_spaces.convolutional import ConvolutionalSpace

WAYS = ("naive", "engine", "workers")
SHAPE, CLASSES = (3, 32, 32), 10
DEPTHS = (6, 8, 10, 12, 14, 16, 18, 20)
SPACE = ConvolutionalSpace(layers=max(DEPTHS))


@dataclass(frozen=True)
class Options:
    """Time training steps.

    Attributes:
        quick: Four architectures, of 6 and 8 layers, instead of 17 of 6 to 20.
        steps: Training steps of each child.
        batch: Images of a step.
    """

    quick: bool = False
    steps: int = 3
    batch: int = 64


def measure(options: Options) -> None:
    """Time all in turns, print, and keep the figures."""
    CIFAR10().verify()
    chosen = architectures(options.quick)
    seconds: dict[str, float] = dict.fromkeys(WAYS, 0.0)
    with ExitStack() as stack:
        pools = {way: stack.enter_context(pool(way)) for way in WAYS}
        for way in WAYS:
            timed(pools[way], way, chosen[0], options)  # warms up: imports, data, first kernels
        for tokens in chosen:
            for way in WAYS:
                seconds[way] += timed(pools[way], way, tokens, options)
        peaks = pools["engine"].submit(measured_peaks).result()
    figures = report(options, chosen, seconds, peaks)
    for name, value in figures.items():
        print(f"{name:52} {value:>10,}")
    save("throughput", f"python -m benchmarks.throughput{' --quick' * options.quick}", figures)


def architectures(quick: bool) -> list[Any]:
    """Seeded random ones, two of each depth, and the published one."""
    rng = np.random.default_rng(0)
    depths = DEPTHS[:2] if quick else DEPTHS
    found: list[Any] = []
    for depth in depths:
        space = ConvolutionalSpace(layers=depth)
        found += [space.decode(tokens) for tokens in space.sample_batch(rng, 2).tolist()]
    if not quick:
        found.append(SPACE.parse(published_architecture("zoph_le_2017_v1")))
    return found


def pool(way: str) -> ProcessPoolExecutor:
    """The processes of one way; the allocator's settings are part of the engine."""
    if way == "naive":
        return processes(1, threads=cores(), engine=False)
    workers = cores() if way == "workers" else 1
    return processes(workers, threads=cores() // workers, settle=keep_memory)


def timed(pool: ProcessPoolExecutor, way: str, architecture: Any, options: Options) -> float:
    """Seconds a child, where all processes of the way are at work at the same time."""
    count = cores() if way == "workers" else 1
    train_one = naive if way == "naive" else engine
    begun = time.perf_counter()
    for job in [pool.submit(train_one, architecture, options) for _ in range(count)]:
        job.result()
    return (time.perf_counter() - begun) / count


def naive(architecture: Any, options: Options) -> None:
    """One child as a careful user writes it."""
    data, recipe = prepared(options)
    _naive.train(SPACE.build(architecture, SHAPE, CLASSES), data, recipe)


def engine(architecture: Any, options: Options) -> None:
    """One child as the engine trains it."""
    data, recipe = prepared(options)
    child = SPACE.build(architecture, SHAPE, CLASSES)
    train(child, data, recipe, seed=0, device=torch.device("cpu"))


@lru_cache
def prepared(options: Options) -> Any:
    """As many images as the steps take, and the paper's recipe for one epoch of them."""
    task = CIFAR10(train_size=options.steps * options.batch, validation_size=10)
    recipe = task.recipes["paper"]
    changes = {"epochs": 1, "batch_size": options.batch, "threads": torch.get_num_threads()}
    return task.search_data(), replace(recipe, **changes).resolved("cpu")  # type: ignore[type-var]


def measured_peaks() -> dict[str, float]:
    """GFLOP/s of large products and of a large convolution, the best of some."""
    peaks = {}
    for dtype in (torch.float32, torch.bfloat16):
        matrix = torch.randn(2048, 2048).to(dtype)
        images = torch.randn(32, 64, 32, 32).to(dtype).to(memory_format=torch.channels_last)
        convolution = (
            nn.Conv2d(64, 64, 3, padding=1).to(dtype).to(memory_format=torch.channels_last)
        )
        name = str(dtype).removeprefix("torch.")
        work = {
            "product": (lambda m=matrix: m @ m, 2 * 2048**3),
            "convolution": (lambda c=convolution, i=images: c(i), 2 * 32 * 32 * 32 * 9 * 64 * 64),
        }
        for kind, (once, flops) in work.items():
            peaks[f"{name} {kind}"] = flops / min(_durations(once)) / 1e9
    return peaks


@torch.no_grad()
def _durations(once: Any) -> Iterator[float]:
    for _ in range(8):
        begun = time.perf_counter()
        once()
        yield time.perf_counter() - begun


def report(
    options: Options, chosen: list[Any], seconds: dict[str, float], peaks: dict[str, float]
) -> dict[str, Any]:
    """The figures; children an hour are of the short recipe, 5 epochs of 45,000 images."""
    images = len(chosen) * options.steps * options.batch
    flops = sum(3 * SPACE.cost(a, SHAPE, CLASSES).flops for a in chosen) / len(chosen)
    peak = max(peaks.values())
    figures: dict[str, Any] = {"architectures": len(chosen), "cores": cores()}
    for name, value in peaks.items():
        figures[f"peak, {name}: GFLOP/s"] = round(value)
    for way in WAYS:
        rate = images / seconds[way]
        figures[f"{way}: images/s"] = round(rate, 1)
        figures[f"{way}: children an hour"] = round(3600 * rate / (5 * 45_000), 2)
        figures[f"{way}: GFLOP/s"] = round(rate * flops / 1e9, 1)
        figures[f"{way}: share of the highest peak"] = round(rate * flops / 1e9 / peak, 3)
        figures[f"{way}: x naive"] = round(seconds["naive"] / seconds[way], 2)
    return figures


main = command("python -m benchmarks.throughput", {"": (Options, measure)}, resumes=False)

if __name__ == "__main__":
    sys.exit(main())
