"""Measures what proposing ahead costs: REINFORCE that has not yet learned from the last batches.

python -m benchmarks.staleness      # some minutes on two cores

The problems are the hidden target of docs/learning.md (15 decisions of 4 options, 400 episodes)
and ``NAS-Bench-Digits-v0`` (300 episodes), with the same seeds for each ``ahead``.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

import nas_env  # noqa: F401 - registers the environments
from agents import make_agent, make_environment
from benchmarks._results import mean_interval, save
from benchmarks.learning import hidden_target
from nas_env.benchmark._command import command
from nas_env.benchmark._processes import in_processes

AHEAD = (0, 1, 3, 7)
TABLE, EPISODES = "NAS-Bench-Digits-v0", 300


@dataclass(frozen=True)
class Options:
    """Play with policies of different age.

    Attributes:
        seeds: Number of searches of each.
        workers: Number of processes.
    """

    seeds: int = 40
    workers: int = os.cpu_count() or 1


def measure(options: Options) -> None:
    """Play, compare with ``ahead`` 0, print the figures and write them."""
    jobs = list(product(AHEAD, range(options.seeds)))
    figures: dict[str, Any] = {}
    for play in (target, table):
        played = in_processes(play, jobs, options.workers)
        for name in played[0]:
            values = np.array([scores[name] for scores in played]).reshape(len(AHEAD), -1)
            figures[name] = {
                f"ahead {ahead}": {
                    "mean": round(float(row.mean()), 4),
                    "minus ahead 0": [round(x, 4) for x in mean_interval(row - values[0])],
                }
                for ahead, row in zip(AHEAD, values, strict=True)
            }
    for name, rows in figures.items():
        print(name)
        for ahead, row in rows.items():
            print(f"  {ahead}: {row['mean']}, minus ahead 0: {row['minus ahead 0']}")
    save("staleness", f"python -m benchmarks.staleness --seeds {options.seeds}", figures)


def target(job: tuple[int, int]) -> dict[str, float]:
    """Search the hidden target, and return the mean reward of the last quarter."""
    ahead, seed = job
    rewards = hidden_target({"name": "reinforce", "ahead": ahead}, seed, episodes=400)
    return {"hidden target, reward of the last 100": float(np.mean(rewards[-100:]))}


def table(job: tuple[int, int]) -> dict[str, float]:
    """Search the table, and return the best and the mean validation accuracy."""
    ahead, seed = job
    spec = {"name": "reinforce", "ahead": ahead}
    agent = make_agent(spec, make_environment(spec, TABLE), seed)
    rewards: list[float] = []
    while len(rewards) < EPISODES:
        rewards += [e.reward for e in agent.advance(EPISODES - len(rewards)).episodes]
    return {
        "table, best of 120": max(rewards[:120]),
        "table, mean of the first 120": float(np.mean(rewards[:120])),
        "table, best of 300": max(rewards),
    }


main = command("python -m benchmarks.staleness", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
