"""Measures children an hour: a careful user's own loop and the engine, in turns within one run.

NAS_DATA=... python -m benchmarks.throughput             # CIFAR-10; five minutes on two cores
NAS_DATA=... python -m benchmarks.throughput --quick     # four small architectures

Three ways to train the same architectures on the same images for the same number of steps:

- *naive* (``benchmarks/_naive.py``): torchvision's transforms of each sample in a DataLoader,
  float32, eager, one child at a time, on a CPU with all cores;
- *engine*: ``nas_env.training.images``, one child at a time, on a CPU with all cores;
- *workers*: as many children at once as there are cores, a process of one thread each; on a GPU
  ``--children`` processes that share it.

Each way has processes of its own. GFLOP/s count a training step as three forward passes of the
architecture; the peaks are large products and a large convolution in the same run. It imports only
torch, torchvision and numpy, so that it runs on a bare machine with a GPU.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import torch

from benchmarks import _naive
from benchmarks._rates import measured_peaks, training_flops
from benchmarks._results import save
from nas_env.benchmark._processes import processes
from nas_env.command_line.program import command
from nas_env.evaluation._child import settled
from nas_env.machine import cores
from nas_env.tasks.cifar10 import CIFAR10
from nas_env.training.allocator import keep_memory
from nas_env.training.images import train
from search_spaces import published_architecture
from search_spaces.convolutional import ConvolutionalSpace

WAYS = ("naive", "engine", "workers")
SHAPE, CLASSES = CIFAR10.input_shape, CIFAR10.outputs
DEPTHS = (6, 8, 10, 12, 14, 16, 18, 20)
SPACE = ConvolutionalSpace(layers=max(DEPTHS))

#: The paper's search (sections 4.1 and A): children a depth, images that each is trained on.
CHILDREN_A_DEPTH, IMAGES_A_CHILD = 1_600, 50 * 45_000
#: Rate of skip connections under an untrained controller, and in the published network.
SKIP_RATES = (0.5, 0.62)
SAMPLES = 8  # architectures a depth, for the mean cost


#: The device of this machine, and what is timed on it by default.
HERE = "cuda" if torch.cuda.is_available() else "cpu"
STEPS, CHILDREN, LOADERS = {"cpu": (3, cores(), 0), "cuda": (200, 4, min(8, cores()))}[HERE]


@dataclass(frozen=True)
class Options:
    """Time training steps.

    Attributes:
        device: Device of the children.
        quick: Use four architectures, of 6 and 8 layers, instead of 17 of 6 to 20.
        steps: Number of training steps of each child; fewer on a CPU.
        batch: Number of images of a step.
        children: Number of children trained at once by workers.
        loaders: Number of processes of the naive loader; on a CPU they make it slower.
        precision: Precision of the engine.
    """

    device: Literal["cpu", "cuda"] = HERE
    quick: bool = False
    steps: int = STEPS
    batch: int = 64
    children: int = CHILDREN
    loaders: int = LOADERS
    precision: Literal["auto", "float32"] = "auto"

    @property
    def command(self) -> str:
        """The command with these options."""
        quick = " --quick" * self.quick
        return (
            f"python -m benchmarks.throughput --device {self.device}{quick} --steps {self.steps} "
            f"--batch {self.batch} --children {self.children} --loaders {self.loaders} "
            f"--precision {self.precision}"
        )


def measure(wanted: Options) -> None:
    """Time all ways in turns, print the figures and write them."""
    CIFAR10().verify()
    chosen = architectures(wanted.quick)
    seconds: dict[str, float] = dict.fromkeys(WAYS, 0.0)
    with ExitStack() as stack:
        pools = {way: stack.enter_context(pool(way, wanted)) for way in WAYS}
        for way in WAYS:  # imports, data, first kernels
            print(
                f"{way}: ready after {timed(pools[way], way, chosen[0], wanted):.1f} s", flush=True
            )
        for architecture in chosen:
            took = {way: timed(pools[way], way, architecture, wanted) for way in WAYS}
            shown = ", ".join(f"{way} {took[way]:.2f} s" for way in WAYS)
            print(f"{len(architecture.layers)} layers: {shown}", flush=True)
            seconds = {way: seconds[way] + took[way] for way in WAYS}
        peaks = pools["engine"].submit(measured_peaks, wanted.device).result()
    figures = report(wanted, chosen, seconds, peaks)
    for name, value in figures.items():
        print(f"{name:52} {value if isinstance(value, str) else format(value, ',')}")
    parts = ["throughput", "quick" * wanted.quick, wanted.device, wanted.precision]
    name = "_".join(part for part in parts if part not in ("", "cpu", "auto"))
    save(name, wanted.command, figures)


# -- what is trained -----------------------------------------------------------------------------
def architectures(quick: bool) -> list[Any]:
    """Return random architectures, two of each depth, and the published one."""
    rng = np.random.default_rng(0)
    depths = DEPTHS[:2] if quick else DEPTHS
    found: list[Any] = []
    for depth in depths:
        space = ConvolutionalSpace(layers=depth)
        found += [space.decode(tokens) for tokens in space.sample_batch(rng, 2).tolist()]
    if not quick:
        found.append(SPACE.parse(published_architecture("zoph_le_2017_v1")))
    return found


@lru_cache
def prepared(options: Options) -> Any:
    """Return the images of the steps, and the paper's recipe for one epoch of them."""
    task = CIFAR10(train_size=options.steps * options.batch, validation_size=10)
    recipe = task.recipes["paper"]
    changes = {
        "epochs": 1,
        "batch_size": options.batch,
        "threads": torch.get_num_threads(),
        "precision": options.precision,
    }
    return task.search_data(), replace(recipe, **changes).resolved(options.device)  # type: ignore[type-var]


def naive(architecture: Any, options: Options) -> None:
    """Train one child as a careful user would."""
    data, recipe = prepared(options)
    child = SPACE.build(architecture, SHAPE, CLASSES).to(options.device)
    _naive.train(child, data, recipe, loaders=options.loaders)


def engine(architecture: Any, options: Options) -> None:
    """Train one child by the engine."""
    data, recipe = on_device(options)
    device = torch.device(options.device)
    with settled(recipe, 0, device):
        child = SPACE.build(architecture, SHAPE, CLASSES).to(device)
        train(child, data, recipe, seed=0, device=device)


@lru_cache
def on_device(options: Options) -> Any:
    """Return images and recipe, with the images on the engine's device."""
    data, recipe = prepared(options)
    return data.to(torch.device(options.device)), recipe


# -- how it is timed -----------------------------------------------------------------------------
def pool(way: str, options: Options) -> AbstractContextManager[ProcessPoolExecutor]:
    """Start the processes of one way; the allocator's settings are part of the engine."""
    if way == "naive":
        return processes(1, threads=cores(), engine=False)
    count = options.children if way == "workers" else 1
    return processes(count, threads=max(1, cores() // count), settle=keep_memory)


def timed(pool: ProcessPoolExecutor, way: str, architecture: Any, options: Options) -> float:
    """Return the seconds of a child, with all processes of the way at work."""
    count = options.children if way == "workers" else 1
    train_one = naive if way == "naive" else engine
    begun = time.perf_counter()
    for job in [pool.submit(train_one, architecture, options) for _ in range(count)]:
        job.result()
    return (time.perf_counter() - begun) / count


# -- what it says --------------------------------------------------------------------------------
def report(
    options: Options, chosen: list[Any], seconds: dict[str, float], peaks: dict[str, float]
) -> dict[str, Any]:
    """Return the figures; children an hour have 5 epochs of 45,000 images."""
    images = len(chosen) * options.steps * options.batch
    flops = sum(training_flops(SPACE, a, SHAPE, CLASSES) for a in chosen) / len(chosen)
    peak = max(peaks.values())
    device = torch.cuda.get_device_name() if options.device == "cuda" else "cpu"
    figures: dict[str, Any] = {"device": device, "architectures": len(chosen), "cores": cores()}
    for name, value in peaks.items():
        figures[f"peak, {name}: GFLOP/s"] = round(value)
    for way in WAYS:
        rate = images / seconds[way]
        figures[f"{way}: images/s"] = round(rate, 1)
        figures[f"{way}: children an hour"] = round(3600 * rate / (5 * 45_000), 2)
        figures[f"{way}: GFLOP/s"] = round(rate * flops / 1e9, 1)
        figures[f"{way}: share of the highest peak"] = round(rate * flops / 1e9 / peak, 3)
        figures[f"{way}: x naive"] = round(seconds["naive"] / seconds[way], 2)
    for skips in SKIP_RATES:
        work = whole_search(skips)
        days = work / (images * flops / seconds["workers"]) / 86_400
        figures[f"the paper's search, skip rate {skips}: EFLOP"] = round(work / 1e18, 1)
        figures[f"the paper's search, skip rate {skips}: days here"] = round(days, 1)
    return figures


def whole_search(skips: float) -> float:
    """Return the FLOPs of training all 12,800 children, 50 epochs each (section 4.1).

    Args:
        skips: Probability of each skip connection; all other decisions are uniform.
    """
    rng = np.random.default_rng(0)
    total = 0.0
    for depth in DEPTHS:
        space = ConvolutionalSpace(layers=depth)
        tokens = space.sample_batch(rng, SAMPLES)
        is_skip = [decision.source is not None for decision in space.decisions]
        tokens[:, is_skip] = rng.random((SAMPLES, sum(is_skip))) < skips
        costs = [space.cost(space.decode(row), SHAPE, CLASSES).flops for row in tokens.tolist()]
        total += CHILDREN_A_DEPTH * IMAGES_A_CHILD * 3 * float(np.mean(costs))
    return total


main = command("python -m benchmarks.throughput", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
