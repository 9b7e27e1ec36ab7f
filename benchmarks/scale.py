"""Simulates searches on 1 to 10,000 workers: how busy they are, and what asynchrony costs.

python -m benchmarks.scale                 # some minutes on two slow cores
python -m benchmarks.scale --seeds 1       # a look at it

The agent is REINFORCE on independent logits, on an NK landscape of 24 decisions; a child takes an
hour on average, with the spread that networks of 6 layers have (benchmarks/child_times.py). K
replicas of m children are K times m workers, whose agent learns from any m that have finished: so a
child is about K updates late, as in the parameter-server scheme of Zoph & Le (2017, section 3.2).
The eight workers of the second part have the recurrent controller.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import nas_env  # noqa: F401 - registers the environments
from benchmarks._results import save
from benchmarks._scale import Arm, Played, differences, mean, play, rounded, told
from nas_env.benchmark._processes import in_processes
from nas_env.command_line.program import command
from nas_env.search.order import ORDERS

SIZES = (1, 8, 100)  # replicas K, and children of each, m
CHILDREN = {1: 2_000, 8: 6_000, 100: 20_000}  # by m
IN_ORDER = (8, 100, 800, 10_000)  # workers, all of which are awaited
AGENT, CORRECTED = {"name": "reinforce_tabular"}, {"max_ratio": 2.0}
DIGITS = "nas_env:NAS-Bench-Digits-v0"

#: The agents of the eight workers: name, batch and settings.
EIGHT: Mapping[str, tuple[int, Mapping[str, Any]]] = {
    "reinforce, 8 a batch, ahead 0": (8, {"name": "reinforce", "ahead": 0}),
    "reinforce, 2 a batch, ahead 1 (the default)": (2, {"name": "reinforce"}),
}
#: Their clusters.
TABLES: Mapping[str, Mapping[str, Any]] = {
    "times of 6 layers": {"store": True},
    "times of 6 layers, no store": {},
    "the table's own times": {"store": True, "times": "function"},
}
#: Clusters beside the grid.
MORE: Mapping[str, Arm] = {
    "100 workers, m 8": Arm(8, 100, CHILDREN[8]),
    "100 workers, m 8, corrected": Arm(8, 100, CHILDREN[8], agent={**AGENT, **CORRECTED}),
    "10,000 workers, m 100, corrected, 60,000 children": Arm(
        100, 10_000, 60_000, agent={**AGENT, **CORRECTED}
    ),
}
#: The paper's scheme with its controller: 800 children at once, beside eight.
SCHEMES: Mapping[str, Arm] = {
    "reinforce, 8 workers": Arm(8, 8, 4_000, agent={"name": "reinforce", "ahead": 0}),
    "reinforce, 800 workers": Arm(8, 800, 4_000, agent={"name": "reinforce", "ahead": 0}),
    "replicas, 800 workers": Arm(
        8, 800, 4_000, agent={"name": "replicas", "replicas": 100, "shards": 20}
    ),
}
#: What happens to 800 workers.
TROUBLES: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "a node fails once a month": {"hours_between_failures": 720.0},
    "a node fails once a day": {"hours_between_failures": 24.0},
    "a node fails every four hours": {"hours_between_failures": 4.0},
    "a minute to start a child": {"startup_seconds": 60.0},
    "the driver takes 0.1 s a child": {"driver_seconds": 0.1},
    "the driver takes 5 s a child": {"driver_seconds": 5.0},
}

ROUNDS = (2, 4, 8)  # children of a batch for each of eight workers, all of which are awaited
#: The evaluators of those: which child begins first.
BEGUN: Mapping[str, Mapping[str, Any]] = {
    "as proposed": {"name": "benchmarks._as_proposed:AsProposed"},
    "the longest first": {},
}

Arms = Mapping[str, Arm]
Plays = Mapping[str, Sequence[Played]]


@dataclass(frozen=True)
class Options:
    """Simulate searches on many workers.

    Attributes:
        seeds: Number of searches of each kind.
        share: Share of the children; less is faster, and tells less.
        workers: Number of processes.
        folder: Folder of figures and pictures; by default those of the repository.
    """

    seeds: int = 4
    share: float = 1.0
    workers: int = os.cpu_count() or 1
    folder: Path | None = None


def measure(options: Options) -> None:
    """Play, print the figures, write and draw them."""
    from benchmarks._scale_pictures import PICTURES, draw

    share, seeds = options.share, options.seeds
    arms = {**clusters(share), **schemes(share), **troubles(share)}
    small = {**eight(share), **longest(share)}
    played = searches(
        {**arms, **small},
        {**dict.fromkeys(arms, seeds), **dict.fromkeys(small, 2 * seeds)},
        options.workers,
    )
    figures = {
        "clusters": {name: told(played[name]) for name in clusters(share)},
        "cost of asynchrony": costs(played),
        "eight workers": eight_told(played),
        "the paper's scheme": {name: told(played[name]) for name in SCHEMES},
        "800 workers": {name: told(played[name]) for name in troubles(share)},
        "the longest first": longest_told(played),
    }
    for name, rows in figures.items():
        print(name)
        for row, values in rows.items():
            print(f"  {row}: {values}")
    line = f"python -m benchmarks.scale --seeds {seeds} --share {share:g}"
    save("scale", line, figures, options.folder)
    draw(played, figures, options.folder or PICTURES)


def searches(arms: Arms, seeds: Mapping[str, int], workers: int) -> dict[str, list[Played]]:
    """Play each arm with so many seeds, those of most children first; return them by name."""
    jobs = [(name, seed) for name in arms for seed in range(seeds[name])]
    jobs.sort(key=lambda job: -arms[job[0]].children)
    found = in_processes(play, [(arms[name], seed) for name, seed in jobs], workers)
    played: dict[str, list[Played]] = {name: [] for name in arms}
    for (name, _), search in zip(jobs, found, strict=True):  # seeds of an arm stay in order
        played[name].append(search)
    return played


# -- K replicas of m children --------------------------------------------------------------------
def name_of(replicas: int, batch: int, corrected: bool = False) -> str:
    """Return the name of a cell of the grid."""
    return f"K {replicas}, m {batch}" + (", corrected" if corrected else "")


def in_order(workers: int) -> str:
    """Return the name of the search that awaits all workers."""
    return f"in order, {workers} workers"


def clusters(share: float) -> dict[str, Arm]:
    """Return the grid of K and m, with and without correction, and the searches in order."""
    arms: dict[str, Arm] = {}
    for replicas, batch in product(SIZES, SIZES):
        children = int(share * CHILDREN[batch])
        arms[name_of(replicas, batch)] = Arm(batch, replicas * batch, children)
        if replicas > 1:
            corrected = Arm(batch, replicas * batch, children, agent={**AGENT, **CORRECTED})
            arms[name_of(replicas, batch, True)] = corrected
        if batch == 8:
            stored = Arm(batch, replicas * batch, children, cluster={"store": True})
            arms[f"{name_of(replicas, batch)}, with a store"] = stored
    for name, more in MORE.items():
        arms[name] = replace(more, children=int(share * more.children))
    for workers in IN_ORDER:
        children = int(share * CHILDREN[min(workers, 100)])
        arms[in_order(workers)] = Arm(workers, workers, children, "submitted")
    return arms


def costs(played: Plays) -> dict[str, Any]:
    """Return the differences of the mean reward from K = 1 at equal m, with their intervals."""
    return {
        name: differences(played[name], played[name_of(1, m)])
        for k, m, corrected in product(SIZES[1:], SIZES, (False, True))
        for name in [name_of(k, m, corrected)]
    }


# -- eight workers, and what happens to 800 ------------------------------------------------------
def eight(share: float) -> dict[str, Arm]:
    """Return searches of both orders by eight workers, with the recurrent controller."""
    return {
        f"{agent}; {table}; {order}": Arm(batch, 8, int(share * 320), order, spec, DIGITS, cluster)
        for (agent, (batch, spec)), (table, cluster) in product(EIGHT.items(), TABLES.items())
        for order in ORDERS
    }


def eight_told(played: Plays) -> dict[str, Any]:
    """Compare both orders of eight workers, seed by seed."""
    figures: dict[str, Any] = {}
    for agent, table in product(EIGHT, TABLES):
        submitted, finished = (played[f"{agent}; {table}; {order}"] for order in ORDERS)
        pairs = list(zip(finished, submitted, strict=True))
        figures[f"{agent}; {table}"] = {
            "children an hour, ratio": rounded([a.rate / b.rate for a, b in pairs]),
            "utilisation": {
                order: mean([each.figures["utilisation"] for each in found], 3)
                for order, found in zip(ORDERS, (submitted, finished), strict=True)
            },
            "mean reward in order": rounded([float(b.rewards.mean()) for _, b in pairs]),
            "mean reward, difference": differences(finished, submitted),
            "best reward, difference": rounded(
                [float(a.rewards.max() - b.rewards.max()) for a, b in pairs]
            ),
        }
    return figures


def schemes(share: float) -> dict[str, Arm]:
    """Return searches of the paper's scheme, and of one controller."""
    return {n: replace(arm, children=int(share * arm.children)) for n, arm in SCHEMES.items()}


def troubles(share: float) -> dict[str, Arm]:
    """Return random searches by 800 workers whose nodes fail, or that are slow to start."""
    return {
        name: Arm(8, 800, int(share * CHILDREN[8]), agent={"name": "random_search"}, cluster=each)
        for name, each in TROUBLES.items()
    }


def longest(share: float) -> dict[str, Arm]:
    """Return searches by eight workers that await a batch, the longest child first or not."""
    return {
        f"{8 * rounds} a batch, {name}": Arm(
            8 * rounds, 8, int(share * 64 * rounds), "submitted", cluster=cluster
        )
        for rounds, (name, cluster) in product(ROUNDS, BEGUN.items())
    }


def longest_told(played: Plays) -> dict[str, Any]:
    """Return how busy they were."""
    names = [f"{8 * rounds} a batch, {name}" for rounds, name in product(ROUNDS, BEGUN)]
    return {
        name: {"utilisation": rounded([each.figures["utilisation"] for each in played[name]])}
        for name in names
    }


main: Callable[..., int] = command("python -m benchmarks.scale", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
