"""Measures which cheap recipe puts networks in the order of a long training.

NAS_DATA=... python -m benchmarks.fidelity --device cuda --workers 16     # minutes of a GPU
NAS_DATA=... python -m benchmarks.fidelity --reference-seeds 0 --networks 3 --seeds 1 --device cpu
NAS_DATA=... python -m benchmarks.fidelity --env NAS-CIFAR10-Record-v0 --networks 5 --seeds 1 \
    --reference-seeds 1 --device cpu --workers 1 --store fidelity.sqlite   # half an hour of a core

The same random networks, spread evenly over the FLOPs of the space, are trained by each candidate
of ``benchmarks/_candidates.py`` and by the reference, over several seeds. The figure of a candidate
is Kendall's tau between two orders of the networks: by one training of each, and by the reference's
mean over seeds. It is averaged over the candidate's seeds; its interval is a bootstrap over
networks. The second command leaves the reference out, and measures the seconds of a child on this
machine. With ``--store`` a later run trains only what is not there: the 5 networks of
``--networks 5`` are among those of ``--networks 11``.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np

from benchmarks._candidates import CANDIDATES, NETWORKS, REFERENCE
from benchmarks._results import save
from nas_env.benchmark._processes import processes
from nas_env.command_line.program import command
from nas_env.errors import UnknownName
from nas_env.machine import cores
from nas_env.parts import choose_device
from nas_env.problem import Problem
from nas_env.search.summary import device_name
from nas_env.statistics.agreement import bootstrap, tau
from nas_env.tasks import task_class, task_names

DRAWN = 200  # random networks, among which the spread ones are chosen
FAILED = -1.0  # the reward of a training that failed, below all others


@dataclass(frozen=True)
class Options:
    """Train the same networks by all candidate recipes.

    Attributes:
        env: Id of the environment.
        networks: Number of random networks; those of ``NETWORKS`` are trained beside them.
        seeds: Number of trainings of each network by each candidate.
        reference_seeds: Number of trainings of each network by the reference; 0 leaves it out.
        device: ``cpu``, ``cuda`` or ``auto``.
        workers: Number of processes that train at the same time.
        minutes: Time after which no training begins; seeds that are then complete count.
        only: Candidates to train; by default all.
        share: Share of the images or words of every training, for a trial.
        store: File of evaluations, with which a later run goes on where this one ended.
    """

    env: str = "NAS-CIFAR10-v0"
    networks: int = 12
    seeds: int = 3
    reference_seeds: int = 2
    device: str = "auto"
    workers: int = cores()
    minutes: float = 600.0
    only: tuple[str, ...] = ()
    share: float = 1.0
    store: str = ":memory:"


@dataclass(frozen=True)
class Job:
    """One training of one network by one recipe."""

    env: str
    device: str
    recipe: str
    share: float
    store: str
    tokens: tuple[int, ...]
    seed: int


def measure(options: Options) -> None:
    """Train, compare, print the figures and write them."""
    names = chosen(options)
    networks = named(options) + spread(options)
    jobs = [
        Job(options.env, options.device, name, options.share, options.store, tokens, seed)
        for seed in range(max(options.seeds, options.reference_seeds))
        for name in names
        if seed < (options.reference_seeds if name == REFERENCE else options.seeds)
        for tokens in reversed(networks)  # the longest trainings first
    ]
    found = in_time(jobs, options)
    tables = {  # by name: (networks, seeds, reward and seconds)
        name: np.stack(rows, axis=1) for name in names if (rows := whole(name, networks, found))
    }
    figures = report(tables)
    device = device_name(choose_device(options.device))
    chosen_options = (
        f"--env {options.env} --networks {options.networks} --seeds {options.seeds} "
        f"--reference-seeds {options.reference_seeds} --device {options.device} "
        f"--workers {options.workers} --minutes {options.minutes} --share {options.share}"
    )
    part = "" if options.reference_seeds else "_seconds"
    save(
        f"fidelity_{options.env}{part}",
        f"python -m benchmarks.fidelity {chosen_options}",
        {"device": device, "recipes": CANDIDATES[options.env], **figures},
    )


def in_time(jobs: Sequence[Job], options: Options) -> dict[Job, tuple[float, float]]:
    """Play the jobs until the time is over; return reward and seconds of each."""
    end = time.monotonic() + 60 * options.minutes
    waiting, running = deque(jobs), {}
    found: dict[Job, tuple[float, float]] = {}
    with processes(options.workers) as pool:
        while running or (waiting and time.monotonic() < end):
            while waiting and len(running) < options.workers and time.monotonic() < end:
                job = waiting.popleft()
                running[pool.submit(trained, job)] = job
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                found[running.pop(future)] = future.result()
    return found


def whole(
    name: str, networks: Sequence[tuple[int, ...]], found: Mapping[Job, tuple[float, float]]
) -> list[np.ndarray]:
    """Return (networks, 2) for each seed with which a recipe trained all networks."""
    own = {(job.seed, job.tokens): rows for job, rows in found.items() if job.recipe == name}
    return [
        np.array([own[seed, tokens] for tokens in networks])
        for seed in sorted({seed for seed, _ in own})
        if all((seed, tokens) in own for tokens in networks)
    ]


def chosen(options: Options) -> list[str]:
    """Return the names of the reference and of the candidates that are wanted.

    Raises:
        UnknownName: If there is no such id or candidate.
    """
    if options.env not in CANDIDATES:
        raise UnknownName("environment", options.env, CANDIDATES)
    known = CANDIDATES[options.env]
    for name in options.only:
        if name not in known:
            raise UnknownName("candidate", name, known)
    wanted = [name for name in known if name in (options.only or known) and name != REFERENCE]
    return [REFERENCE] * (options.reference_seeds > 0) + wanted


def named(options: Options) -> list[tuple[int, ...]]:
    """Return the networks of ``NETWORKS``."""
    space = problem(options.env, options.device, REFERENCE, 1.0).space
    return [space.encode(space.parse(each)) for each in NETWORKS.get(options.env, ())]


def spread(options: Options) -> list[tuple[int, ...]]:
    """Return networks at even steps of a ranking of random ones by FLOPs and parameters.

    Those that are larger than the task's limits, and so are never trained, are left out.
    """
    own = problem(options.env, options.device, REFERENCE, 1.0)
    task: Any = own.task

    def size(tokens: list[int]) -> tuple[int, int]:
        cost = own.space.cost(own.space.decode(tokens), task.input_shape, task.outputs)
        return cost.flops, cost.parameters

    sampled = own.space.sample_batch(np.random.default_rng(0), DRAWN).tolist()
    sizes = [(size(tokens), tokens) for tokens in sampled]
    most = task.max_flops, task.max_parameters
    drawn = sorted(pair for pair in sizes if pair[0][0] <= most[0] and pair[0][1] <= most[1])
    places = np.linspace(0, len(drawn) - 1, options.networks + 2)[1:-1].round().astype(int)
    return [tuple(drawn[place][1]) for place in places]


@lru_cache
def problem(env: str, device: str, recipe: str, share: float, store: str = ":memory:") -> Problem:
    """Return the problem of an id with one of its recipes; Gymnasium need not be installed."""
    changes = dict(CANDIDATES[env][recipe])
    if share < 1:
        size = "symbols" if "symbols" in changes else "images"
        changes[size] = round(share * changes.get(size, 45_000))
    for task in task_names():
        if (settings := task_class(task).environments.get(env)) is not None:
            own = {"task": task, **settings, "recipe": changes}
            return Problem(**own, device=str(choose_device(device)), store=store)
    raise UnknownName("environment", env, CANDIDATES)


def trained(job: Job) -> tuple[float, float]:
    """Return the reward of one training, or ``FAILED``, and its seconds, on a CPU of its cores."""
    own = problem(job.env, job.device, job.recipe, job.share, job.store)
    own.evaluation_seed = job.seed
    ((architecture, evaluation),) = own.evaluate([job.tokens])
    if evaluation.status != "ok":
        return FAILED, np.nan
    reward = own.objective.reward(evaluation)
    if own.device.type == "cpu":
        return reward, evaluation.cpu_seconds
    parts = own.parts(job.tokens, own.request(architecture))
    return reward, parts["train"] + parts["validate"]


def report(tables: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the figures of each recipe, and print them as they are made."""
    reference = tables[REFERENCE][..., 0].mean(axis=1) if REFERENCE in tables else None
    figures: dict[str, Any] = {}
    for name, table in tables.items():
        rewards, seconds = table[..., 0], table[..., 1]
        own: dict[str, Any] = {
            "mean reward": float(f"{rewards[rewards != FAILED].mean():.5g}"),
            "failed": int((rewards == FAILED).sum()),
            "seconds a child, mean": round(float(np.nanmean(seconds)), 1),
            "rewards": [[float(f"{reward:.5g}") for reward in row] for row in rewards],
        }
        if reference is not None and name != REFERENCE:
            own |= agreement(rewards, reference)
        pairs = list(combinations(rewards.T, 2))
        if pairs:
            own["tau between seeds"] = round(float(np.mean([tau(*pair) for pair in pairs])), 3)
        figures[name] = own
        print(f"{name:40} { ({k: v for k, v in own.items() if k != 'rewards'}) }", flush=True)
    return {"networks": len(next(iter(tables.values()))), "by recipe": figures}


def agreement(rewards: np.ndarray, reference: np.ndarray) -> dict[str, Any]:
    """Return Kendall's tau of (networks, seeds) with (networks,), and its 95% interval."""

    def over_seeds(chosen: np.ndarray) -> float:
        return float(np.nanmean([tau(c[chosen], reference[chosen]) for c in rewards.T]))

    low, high = bootstrap(over_seeds, len(reference))
    return {
        "tau": round(over_seeds(np.arange(len(reference))), 3),
        "tau, 95% interval": [round(low, 3), round(high, 3)],
    }


main = command("python -m benchmarks.fidelity", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
