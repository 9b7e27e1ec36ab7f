"""Checks how fast a device is: at best, with one child, with many children side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from benchmarks._gpu.scale import Scale, drawn
from benchmarks._rates import measured_peaks, training_flops
from nas_env.evaluation._child import settled
from nas_env.machine import cores
from nas_env.parts import choose_device
from nas_env.problem import Problem
from nas_env.search.summary import device_name
from nas_env.tasks import ImageTask
from nas_env.training.allocator import keep_memory
from nas_env.training.images import train
from search_spaces import Architecture, published_architecture

#: Published networks whose speed is measured: space and its settings, recipe.
NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "airbench94": ({"name": "staged", "layers": 8}, {"preset": "record"}),
    "zoph_le_2017_v1": (
        {"name": "convolutional", "layers": 20},
        {"preset": "paper", "images": 2_048},
    ),
}


def present(scale: Scale) -> Iterator[dict[str, Any]]:
    """Tell whether the device is there, without touching it."""
    yield {"device": str(choose_device(scale.device))}


def machine(scale: Scale) -> Iterator[dict[str, Any]]:
    """Tell what the device is, and what it reaches at best."""
    device = choose_device(scale.device)
    found: dict[str, Any] = {"device": device_name(device), "cores": cores()}
    if device.type == "cuda":
        free, whole = torch.cuda.mem_get_info(device)
        found |= {"GB free": round(free / 2**30, 1), "GB": round(whole / 2**30, 1)}
    yield found
    peaks = measured_peaks(device.type, scale.peaks)
    yield {f"peak, {name}: GFLOP/s": round(value) for name, value in peaks.items()}
    yield {"right": True}


def rates(scale: Scale) -> Iterator[dict[str, Any]]:
    """Measure images a second of one child, and its share of the bfloat16 peak."""
    keep_memory()
    peak = measured_peaks(scale.device, scale.peaks)["bfloat16 product"]
    for name, batch in measured(scale):
        problem, architecture = prepared(scale, name, batch)
        seconds, images = timed(problem, architecture)
        task = problem.task
        assert isinstance(task, ImageTask)
        flops = training_flops(problem.space, architecture, task.input_shape, task.outputs)
        rate = images / seconds
        yield {
            f"{name}, {batch} images a step": {
                "images a second": round(rate, 1),
                "GFLOP/s": round(rate * flops / 1e9, 1),
                "share of the bfloat16 product": round(rate * flops / 1e9 / peak, 3),
            }
        }
    yield {"right": True}


def measured(scale: Scale) -> list[tuple[str, int]]:
    """Return each network with the images of a step; the paper's keeps much for each image."""
    small, large = NETWORKS
    batches = scale.batches
    return [(small, each) for each in batches] + [(large, each) for each in batches[:2]]


def prepared(scale: Scale, name: str, batch: int) -> tuple[Problem, Architecture]:
    """Return a problem with whole images, and a published network or a small one of its space."""
    space, recipe = NETWORKS[name]
    settings = {"resolution": 0, "epochs": 2, **recipe, "batch_size": batch}
    if not scale.published:
        space = {**space, "layers": 2, "filters": [4, 8]}
        settings |= {"epochs": 1, "images": 2 * batch}
    problem = scale.problem(settings, space)
    if scale.published:
        return problem, problem.space.parse(published_architecture(name))
    return problem, problem.space.decode(drawn(problem, 1)[0])


def timed(problem: Problem, architecture: Architecture) -> tuple[float, int]:
    """Return the seconds of a training after one that chooses the kernels, and its images."""
    task, recipe, device = problem.task, problem.recipe, problem.device
    assert isinstance(task, ImageTask)
    data, seconds = task.search_data().to(device), 0.0
    with settled(recipe, 0, device):
        child = problem.space.build(architecture, task.input_shape, task.outputs).to(device)
        for seed in range(2):
            seconds = train(child, data, recipe, seed=seed, device=device).seconds["train"]
    steps = recipe.epochs * recipe.steps_an_epoch(data.sizes[0])
    return seconds, steps * recipe.batch_size


def side_by_side(scale: Scale) -> Iterator[dict[str, Any]]:
    """Measure children an hour, for several numbers of processes that share the device.

    A child is the hand-made network by the recipe of the search for a record. Each process has
    trained one before the clock starts.
    """
    most = max(scale.workers)
    evaluator = {"name": "workers", "workers": most}
    if scale.published:
        space = NETWORKS["airbench94"][0]
        problem = scale.problem({}, space, evaluator=evaluator)
        architecture = problem.space.parse(published_architecture("airbench94"))
    else:
        problem = scale.problem({}, evaluator=evaluator)
        architecture = problem.space.decode(drawn(problem, 1)[0])
    request, seeds = problem.request(architecture), iter(range(10**6))

    def at_once(count: int) -> tuple[float, bool]:
        """Train so many children; return the seconds, and whether all of them came out well."""
        begun = time.perf_counter()
        batch = [replace(request, seed=next(seeds)) for _ in range(count)]
        found = [future.result() for future in problem.evaluator.submit_batch(batch)]
        return time.perf_counter() - begun, all(each.status == "ok" for each in found)

    try:
        started, right = at_once(most)
        yield {f"seconds until {most} processes had their first child": round(started, 2)}
        for count in scale.workers:
            seconds, fine = at_once(count)
            right &= fine
            yield {f"children an hour, {count} at once": round(3600 * count / seconds)}
            yield {f"seconds a child, {count} at once": round(seconds, 2)}
            if problem.device.type == "cuda":
                free, whole = torch.cuda.mem_get_info(problem.device)
                yield {f"GB taken, {count} at once": round((whole - free) / 2**30, 2)}
        yield {"right": right}
    finally:
        problem.close()
