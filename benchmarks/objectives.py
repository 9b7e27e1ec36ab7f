"""Measures what an objective changes: the size and the accuracy of the best that a search finds.

python -m benchmarks.objectives      # a minute on two cores

On ``NAS-Bench-Digits-v0``, with the same seeds for each objective.
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
from nas_env.benchmark._processes import in_processes
from nas_env.command_line.program import command

TABLE = "NAS-Bench-Digits-v0"
PRODUCT = {"name": "weighted_product", "cost": "parameters"}
OBJECTIVES: dict[str, dict[str, Any]] = {
    "the accuracy alone": {"name": "metric_itself"},
    "soft, weight -0.02": {**PRODUCT, "weight": -0.02},
    "soft, weight -0.07": {**PRODUCT, "weight": -0.07},
    "hard, target 5,000": {**PRODUCT, "form": "hard", "target": 5_000},
    "hard, target 3,000": {**PRODUCT, "form": "hard", "target": 3_000},
}


@dataclass(frozen=True)
class Options:
    """Search a table for accuracy, and for accuracy and few parameters.

    Attributes:
        agent: Agent that searches.
        episodes: Episodes of each search.
        seeds: Number of searches for each objective.
        workers: Number of processes.
    """

    agent: str = "evolution"
    episodes: int = 500
    seeds: int = 20
    workers: int = os.cpu_count() or 1


def measure(options: Options) -> None:
    """Search, print the figures of the best networks, and write them."""
    jobs = [
        (objective, options.agent, options.episodes, seed)
        for objective, seed in product(OBJECTIVES, range(options.seeds))
    ]
    found = in_processes(search, jobs, options.workers)
    figures: dict[str, Any] = {}
    for place, objective in enumerate(OBJECTIVES):
        bests = found[place * options.seeds : (place + 1) * options.seeds]
        alone = found[: options.seeds]  # the first objective's, by the same seeds
        figures[objective] = {
            **{name: mean_interval([best[name] for best in bests]) for name in bests[0]},
            "parameters, share of the first": mean_interval(
                [b["parameters"] / a["parameters"] for a, b in zip(alone, bests, strict=True)]
            ),
        }
        print(objective)
        for name, (mean, half) in figures[objective].items():
            print(f"  {name}: {mean:,.4g} ± {half:,.2g}")
    words = f"--agent {options.agent} --episodes {options.episodes} --seeds {options.seeds}"
    save("objectives", f"python -m benchmarks.objectives {words}", figures)


def search(job: tuple[str, str, int, int]) -> dict[str, float]:
    """Search once, and return the figures of the network with the best reward."""
    objective, name, episodes, seed = job
    environment = make_environment(name, TABLE, objective=OBJECTIVES[objective])
    agent = make_agent(name, environment, seed)
    played: list[Any] = []
    while len(played) < episodes:
        played += agent.advance(episodes - len(played)).episodes
    best = max(played, key=lambda episode: episode.reward)
    answers = environment.unwrapped.problem.answers
    return {
        "validation accuracy": best.evaluation["metrics"]["validation_accuracy"],
        "test accuracy": answers.figures(best.tokens)["test_accuracy"],
        "parameters": float(best.evaluation["parameters"]),
        "parameters of the last 100, mean": float(
            np.mean([episode.evaluation["parameters"] for episode in played[-100:]])
        ),
    }


main = command("python -m benchmarks.objectives", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
