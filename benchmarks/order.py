"""Compares the two orders of a search: children an hour when some take 20 times as long.

python -m benchmarks.order      # some ten minutes

Four workers; their children wait and compute nothing, so a busy machine does not matter. Both
orders are measured in turn, with the same seeds.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents import make_agent, make_environment
from benchmarks._results import mean_interval, save
from nas_env.command_line.program import command
from nas_env.run.folder import Run
from nas_env.search.loop import Search
from nas_env.search.order import ORDERS

#: The agents, by what is shown of them.
AGENTS: Mapping[str, Mapping[str, Any]] = {
    "reinforce, 4 a batch, ahead 0": {"name": "reinforce", "batch_size": 4, "ahead": 0},
    "reinforce, 2 a batch, ahead 1 (the default)": {"name": "reinforce"},
    "evolution": {"name": "evolution"},
}


@dataclass(frozen=True)
class Options:
    """Search with children that wait.

    Attributes:
        children: Number of children of a search.
        seeds: Number of searches with each agent and order.
        shortest: Seconds of the shortest child.
        workers: Number of children at once.
    """

    children: int = 100
    seeds: int = 6
    shortest: float = 0.05
    workers: int = 4


def measure(options: Options) -> None:
    """Search in both orders, print the rates and write them."""
    figures: dict[str, Any] = {}
    for name, agent in AGENTS.items():
        rates = {order: [] for order in ORDERS}
        for seed in range(options.seeds):
            for order in ORDERS:
                rates[order].append(options.children / seconds(agent, order, seed, options))
        ratios = [b / a for a, b in zip(*rates.values(), strict=True)]
        figures[name] = {
            **{
                f"{order}, children a second": round(sum(r) / len(r), 2)
                for order, r in rates.items()
            },
            "ratio": [round(x, 2) for x in mean_interval(ratios)],
        }
        print(name, figures[name])
    save("order", f"python -m benchmarks.order --children {options.children}", figures)


def seconds(agent: Mapping[str, Any], order: str, seed: int, options: Options) -> float:
    """Return the seconds of one search."""
    waiting = {"name": "benchmarks._waiting:WaitingEvaluator"}
    waiting |= {"workers": options.workers, "shortest": options.shortest}
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder) / "run")
        environment = make_environment(agent, "nas_env:NAS-Digits-v0", evaluator=waiting)
        problem = environment.unwrapped.problem
        player = make_agent(agent, environment, seed)
        search = Search(player, problem, run, children=options.children, order=order)
        began = time.perf_counter()
        search.play()
        taken = time.perf_counter() - began
        environment.close()
        run.close()
    return taken


main = command("python -m benchmarks.order", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
