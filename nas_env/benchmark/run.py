"""Lets agents play environments over many seeds, on all cores, into one file of results.

    nas-benchmark run --agents random_search reinforce:paper --seeds 20
    nas-benchmark report runs/benchmark.sqlite

It may be stopped or killed at any moment: the same command continues, and plays no finished job
again.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from agents import agent_names
from nas_env.benchmark._environment import verify
from nas_env.benchmark._file import ResultsFile
from nas_env.benchmark._job import Budget, BudgetKind, Job, agent_spec
from nas_env.benchmark._pool import play_all
from nas_env.command_line.program import command, json_mapping
from nas_env.errors import InvalidValue
from search_spaces._settings import at_least


@dataclass(frozen=True)
class Options:
    """Let agents play environments over many seeds, into one file of results.

    Attributes:
        environments: Ids of environments; ``module:ID`` imports a module that registers one.
        agents: Agents, as ``name``, ``name:preset`` or ``package.module:NAME``; by default all
            that ship.
        seeds: Number of searches of each agent.
        first_seed: Seed of the first search; the others count up from it.
        episodes: Length of a search.
        budget: What the length counts: ``episodes``, or ``distinct`` architectures. With
            ``distinct``, agents avoid repeats if they can, and a search plays at most ten times as
            many episodes.
        make: Further keyword arguments of the environments, as JSON:
            ``{"recipe": {"fidelity": 12}}``. ``store`` among them names a file that keeps the
            evaluations of an environment whose children are really trained.
        workers: Number of processes; by default one for each core.
        results: File of the results; jobs that it holds already are not played again.
        quiet: Show no progress.
    """

    environments: tuple[str, ...] = ("NAS-Bench-Digits-v0", "NK-24-4-v0")
    agents: tuple[str, ...] = ()
    seeds: int = 20
    first_seed: int = 0
    episodes: int = 300
    budget: BudgetKind = "episodes"
    make: str = "{}"
    workers: int = os.cpu_count() or 1
    results: Path = Path("runs/benchmark.sqlite")
    quiet: bool = False

    def __post_init__(self) -> None:
        at_least(self, seeds=1, first_seed=0, episodes=1, workers=1)


def jobs(options: Options) -> list[Job]:
    """Return all jobs, seed by seed, so that a run that is stopped has compared like with like."""
    if not options.environments:
        raise InvalidValue("--environments names no environment")
    make = json_mapping(options.make, "--make")
    specs = [agent_spec(text, options.budget) for text in options.agents or agent_names()]
    budget = Budget(options.budget, options.episodes)
    return [
        Job(environment, make, spec, label, seed, budget)
        for seed in range(options.first_seed, options.first_seed + options.seeds)
        for environment in options.environments
        for spec, label in specs
    ]


def run(options: Options) -> int:
    """Play the missing jobs; return 1 if a job failed, else 0."""
    wanted = jobs(options)
    for id in options.environments:  # what is wrong with one is found before anything is played
        verify(id, wanted[0].make)
    failures = play_all(wanted, ResultsFile(options.results), options.workers, quiet=options.quiet)
    for line in failures:
        print(f"failed: {line}", file=sys.stderr)
    if not options.quiet:
        print(f"{options.results}: nas-benchmark report {options.results}")
    return 1 if failures else 0


main = command("nas-benchmark run", Options, run, resumes=True)
