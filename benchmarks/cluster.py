"""Measures what Ray costs a child beyond its training, beside worker processes of one machine.

python -m benchmarks.cluster      # some ten minutes

The children are tiny networks on 64 digits, which take milliseconds. The overhead of a child is the
time from its request to its evaluation, less the seconds that it says it took; the store is one in
memory, since the disk costs the same everywhere. Then, with a store in a file, many are on their
way at once, and many more go through one driver, whose memory is looked at on the way.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks._results import save
from nas_env.command_line.program import command
from nas_env.machine import cores
from nas_env.problem import Problem
from nas_env.records import Evaluation, Request
from nas_env.run.store import IN_MEMORY

MEGABYTE = 2**20


@dataclass(frozen=True)
class Options:
    """Train tiny children on a Ray cluster of this machine.

    Attributes:
        workers: Number of children that are trained at once, on Ray and by worker processes.
        children: Number of children, one after the other, whose overhead is measured.
        flying: Number of children that are on their way at once.
        through: Number of children that go through one driver, where its memory is looked at.
    """

    workers: int = 2
    children: int = 200
    flying: int = 1_000
    through: int = 10_000


def measure(options: Options) -> None:
    """Measure the evaluators, print and write what was found."""
    evaluators: Mapping[str, Any] = {
        "in process": "in_process",
        "workers": {"name": "workers", "workers": options.workers},
        "ray": {"name": "ray", "address": "local", "cpus_per_child": cpus(options)},
    }
    figures: dict[str, Any] = {}

    def found(what: str, values: Any) -> None:
        figures[what] = values
        print(what, values, flush=True)

    for name, evaluator in evaluators.items():
        with asked(evaluator, IN_MEMORY) as (problem, requests):
            what = f"{name}: milliseconds of a child beyond its training"
            found(what, overhead(problem, islice(requests, options.children)))
    for name in ("workers", "ray"):
        with (
            tempfile.TemporaryDirectory() as folder,
            asked(evaluators[name], Path(folder) / "store") as (problem, requests),
        ):
            many = list(islice(requests, options.flying))
            found(f"{name}: {options.flying} at once", at_once(problem, many))
            if name == "ray":
                what = f"ray: megabytes of the driver, after each 1,000 of {options.through}"
                found(what, through(problem, islice(requests, options.through), options.flying))
    save("cluster", f"python -m benchmarks.cluster --workers {options.workers}", figures)


def cpus(options: Options) -> float:
    """Return the CPUs of a child with which as many are trained at once as there are workers."""
    return cores() / options.workers


@contextmanager
def asked(evaluator: Any, store: Any) -> Iterator[tuple[Problem, Iterator[Request]]]:
    """Make a problem with an evaluator that is ready, and requests without end."""
    problem = Problem(
        {"name": "digits", "train_size": 64},
        "convolutional",
        recipe={"epochs": 1},
        device="cpu",
        layers=1,
        evaluator=evaluator,
        store=store,
    )
    one = problem.request(problem.space.decode([0] * problem.space.length()))
    requests = (replace(one, seed=seed) for seed in range(10**9))
    wait([problem.evaluator.submit(each) for each in islice(requests, 8)])  # all have begun once
    try:
        yield problem, requests
    finally:
        problem.close()


def overhead(problem: Problem, requests: Iterator[Request]) -> dict[str, float]:
    """Return the milliseconds of children, one after the other, beyond their training."""
    found = []
    for request in requests:
        began = time.perf_counter()
        evaluation = problem.evaluator.submit(request).result()
        found.append(1_000 * (time.perf_counter() - began - own_seconds(evaluation)))
    return {
        "median": round(statistics.median(found), 2),
        "95% take at most": round(statistics.quantiles(found, n=20)[-1], 2),
    }


def own_seconds(evaluation: Evaluation) -> float:
    """Return the seconds that a child took by itself."""
    if evaluation.status != "ok":
        raise RuntimeError(f"a child was {evaluation.status}: {evaluation.error}")
    return sum(evaluation.seconds.values())


def at_once(problem: Problem, requests: list[Request]) -> dict[str, float]:
    """Return the rate of children that are all requested before the first is awaited."""
    began = time.perf_counter()
    futures = problem.evaluator.submit_batch(requests)
    asked_for = time.perf_counter() - began
    own = [own_seconds(future.result()) for future in futures]
    taken = time.perf_counter() - began
    return {
        "children a second": round(len(requests) / taken, 1),
        "milliseconds to request one": round(1_000 * asked_for / len(requests), 2),
        "milliseconds that a child took by itself": round(1_000 * statistics.mean(own), 2),
    }


def through(problem: Problem, requests: Iterator[Request], flying: int) -> list[float]:
    """Return the memory of this process while children go through it, so many on their way."""
    memory, done, waiting = [resident()], 0, set[Future[Evaluation]]()
    for request in requests:
        waiting.add(problem.evaluator.submit(request))
        if len(waiting) >= flying:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            before, done = done, done + len(finished)
            if done // 1_000 > before // 1_000:
                memory.append(resident())
                print(done, memory[-1], flush=True)
    wait(waiting)
    return [*memory, resident()]


def resident() -> float:
    """Return the megabytes that this process has in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE, 1)


main = command("python -m benchmarks.cluster", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
