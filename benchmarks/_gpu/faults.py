"""Checks children that do what they must not: beside healthy ones, and killed on their way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from benchmarks._gpu.equal import alike
from benchmarks._gpu.scale import Scale, evaluated, requests
from benchmarks._gpu.task import FAULTS
from nas_env.evaluation import make_evaluator
from nas_env.run.store import open_store

EVERY = 0.02  # seconds between two checkpoints
MEMORY = 2  # gigabytes of a worker on a CPU


def neighbours(scale: Scale) -> Iterator[dict[str, Any]]:
    """Train healthy children beside one that fills the memory, hangs, dies, and breaks CUDA.

    They take turns, so that there are always healthy ones when a fault shows. Each fault must have
    its status, and the healthy children what they have alone in this process.
    """
    alone = evaluated(scale.problem({}), scale.healthy)
    problem = scale.problem({})
    sound = requests(problem, scale.healthy)
    recipe = {**sound[0].recipe, "batch_size": 2}  # which cannot be cut into parts
    bad = [replace(sound[0], recipe={**recipe, "fault": fault}) for fault in FAULTS]
    settings = {"workers": 4, "time_limit": scale.time_limit, "memory_limit": MEMORY}
    evaluator = make_evaluator({"name": "workers", **settings}, problem.device, open_store())
    try:
        turns = (each for pair in zip_longest(sound, bad) for each in pair if each is not None)
        futures = {each.key: evaluator.submit(each) for each in turns}
        well = [futures[each.key].result() for each in sound]
        compared = alike(alone, well, scale)
        yield {f"healthy: {name}": value for name, value in compared.items() if name != "right"}
        found = {fault: futures[ill.key].result() for fault, ill in zip(FAULTS, bad, strict=True)}
        for fault, evaluation in found.items():
            yield {f"{fault}: status": f"{evaluation.status}: {evaluation.error}"}
        statuses = all(each.status == fault for fault, each in found.items())
        after = evaluator.submit(replace(sound[0], seed=1)).result()
        yield {"a child afterwards": after.status}
        yield {"right": compared["right"] and statuses and after.status == "ok"}
    finally:
        evaluator.close()
        problem.close()


def resuming(scale: Scale) -> Iterator[dict[str, Any]]:
    """Kill a training two thirds of its way: it goes on from its last checkpoint."""
    (whole,) = evaluated(scale.problem({}), 1)
    problem = scale.problem({})
    (request,) = requests(problem, 1)
    steps = problem.recipe.epochs * problem.recipe.steps_an_epoch(_size(problem))
    with tempfile.TemporaryDirectory() as folder:
        note, killed = Path(folder) / "note", 2 * steps // 3
        fault = {"fault": "killed", "killed_after": killed, "note": str(note)}
        request = replace(request, recipe={**request.recipe, **fault})
        store = open_store(Path(folder) / "store.sqlite")
        workers = {"name": "workers", "workers": 1, "checkpoint_every": EVERY}
        evaluator = make_evaluator(workers, problem.device, store)
        try:
            again = evaluator.submit(request).result()
        finally:
            evaluator.close()
            store.close()
            problem.close()
        taken = len(note.read_bytes())
    found = alike([whole], [again], scale)
    yield {"steps": steps, "killed after": killed, "steps of both processes": taken}
    yield {**found, "right": found["right"] and killed < taken < steps + killed}


def _size(problem: Any) -> int:
    return problem.task.search_data().sizes[0]
