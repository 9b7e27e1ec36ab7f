"""Tunes agents, each with the same number of trials, and runs the best again with fresh seeds.

    nas-benchmark tune --agents evolution ppo --trials 30

The first trial of an agent is its own configuration, and the others are drawn from
nas_env/benchmark/tuning_spaces.json. It may be stopped at any moment: the same command continues.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from agents import agent_names
from nas_env.benchmark._environment import verify
from nas_env.benchmark._file import ResultsFile
from nas_env.benchmark._job import Budget, BudgetKind, Job, agent_spec
from nas_env.benchmark._pool import play_all
from nas_env.benchmark._reading import curves
from nas_env.benchmark._statistics import mean_interval
from nas_env.benchmark._trials import SPACES, read_spaces, trials
from nas_env.command_line.program import command, json_mapping
from nas_env.errors import InvalidValue
from nas_env.files import write_json
from nas_env.run.paths import check_new_file
from nas_env.search.summary import versions
from search_spaces._settings import at_least

NOTHING = -1e6
FRESH = 1_000_000  # the first seed of the second round: none of the first is used again


@dataclass(frozen=True)
class Options:
    """Tune agents, each with the same number of trials, and run the best again with fresh seeds.

    Attributes:
        agents: Agents, as ``name`` or ``name:preset``; by default all that ship.
        environment: Id of the environment to tune on; report on a different one.
        trials: Number of configurations of each agent, its own among them.
        seeds: Number of searches of each configuration.
        episodes: Length of a search.
        budget: What the length counts: ``episodes`` or ``distinct`` architectures.
        marks: Places of the budget at which the incumbent is judged; the score is the mean.
        metric: Metric by which it is judged: ``validation``, so that no test metric leaks into the
            settings, or ``test``.
        best: Number of configurations of each agent that are run again.
        fresh_seeds: Number of searches of each of those, with seeds that were not used before.
        make: Further keyword arguments of the environment, as JSON.
        draw_seed: Seed with which configurations are drawn.
        spaces: File of the ranges.
        workers: Number of processes; by default one for each core.
        results: File of all searches.
        out: File of the scores and the best settings.
        quiet: Show no progress.
    """

    agents: tuple[str, ...] = ()
    environment: str = "NAS-Bench-Digits-v0"
    trials: int = 30
    seeds: int = 10
    episodes: int = 300
    budget: BudgetKind = "episodes"
    marks: tuple[int, ...] = (85, 200, 300)
    metric: Literal["validation", "test"] = "validation"
    best: int = 4
    fresh_seeds: int = 20
    make: str = "{}"
    draw_seed: int = 0
    spaces: Path = SPACES
    workers: int = os.cpu_count() or 1
    results: Path = Path("runs/tuning.sqlite")
    out: Path = Path("runs/tuning.json")
    quiet: bool = False

    def __post_init__(self) -> None:
        at_least(self, trials=1, seeds=1, episodes=1, best=1, fresh_seeds=1, workers=1)
        if not self.marks or not all(0 < mark <= self.episodes for mark in self.marks):
            raise InvalidValue(f"marks are {self.marks}, expected some from 1 to {self.episodes}")


Trial = tuple[str, int]  # the agent's label and the number of its configuration
Specs = Mapping[Trial, Mapping[str, Any]]
Scores = dict[Trial, list[float]]


def tune(options: Options) -> int:
    """Play both rounds; return 1 if a search failed, else 0."""
    check_new_file(options.out, "a file of scores")
    make = json_mapping(options.make, "--make")
    verify(options.environment, make)
    spaces = read_spaces(options.spaces)
    specs: dict[Trial, Mapping[str, Any]] = {}
    for text in options.agents or agent_names():
        spec, label = agent_spec(text, options.budget)
        drawn = trials(spec, spaces, options.trials, options.draw_seed)
        specs.update({(label, number): spec for number, spec in enumerate(drawn)})
    first, failures = _round(options, make, specs, range(options.seeds))
    finalists = _finalists(first, options.best)
    again = {trial: specs[trial] for group in finalists.values() for trial in group}
    seeds = range(FRESH, FRESH + options.fresh_seeds)
    second, more = _round(options, make, again, seeds)
    figures = {label: _agent(label, specs, first, second) for label in finalists}
    asked = asdict(options)
    for name in ("workers", "results", "out", "quiet"):
        del asked[name]
    asked["spaces"] = {str(spec["name"]): spaces[str(spec["name"])] for spec in specs.values()}
    write_json(options.out, {"options": asked, "agents": figures, "versions": versions()})
    for line in failures + more:
        print(f"failed: {line}", file=sys.stderr)
    if not options.quiet:
        print(options.out)
    return 1 if failures or more else 0


def _round(
    options: Options, make: Mapping[str, Any], specs: Specs, seeds: range
) -> tuple[Scores, list[str]]:
    """Play every configuration with every seed; return the scores of each, and the failures."""
    budget = Budget(options.budget, options.episodes)
    jobs = {
        (trial, seed): Job(options.environment, make, spec, name_of(trial), seed, budget)
        for seed in seeds
        for trial, spec in specs.items()
    }
    results = ResultsFile(options.results)
    failures = play_all(list(jobs.values()), results, options.workers, quiet=options.quiet)
    known = {
        job.key: score(record, budget, options.marks, options.metric)
        for job, record in results.all()
        if job.budget == budget
    }
    scores: Scores = {}
    for (trial, _), job in jobs.items():
        if job.key in known:
            scores.setdefault(trial, []).append(known[job.key])
    return scores, failures


def name_of(trial: Trial) -> str:
    """The label of a configuration's searches."""
    return f"{trial[0]}#{trial[1]}"


def score(record: Mapping[str, Any], budget: Budget, marks: Sequence[int], metric: str) -> float:
    """Return the incumbent's mean over the marks; minus its regret if the optimum is known.

    A search that has no incumbent yet at a mark scores NOTHING there.
    """
    sign = 1 if record["maximise"] else -1
    value = curves(record, budget, metric)[0][np.array(marks) - 1]
    optimum = record.get("optimum", {}).get(metric, 0.0)
    return float(np.nan_to_num(sign * (value - optimum), nan=NOTHING).mean())


def _finalists(scores: Scores, best: int) -> dict[str, list[Trial]]:
    """Return the best configurations of each agent, the best first."""
    groups: dict[str, list[Trial]] = {}
    for trial in sorted(scores, key=lambda trial: (-float(np.mean(scores[trial])), trial)):
        groups.setdefault(trial[0], []).append(trial)
    return {label: group[:best] for label, group in sorted(groups.items())}


def _agent(label: str, specs: Specs, first: Scores, second: Scores) -> dict[str, Any]:
    """Return the results of one agent: every trial, the best by fresh seeds first."""
    mine = [trial for trial in first if trial[0] == label]

    def order(trial: Trial) -> tuple[bool, float]:
        again = trial in second
        return not again, -float(np.mean(second[trial] if again else first[trial]))

    rows = [
        {
            "trial": trial[1],
            "settings": dict(specs[trial]),
            "score": _stated(first[trial]),
            "fresh": _stated(second[trial]) if trial in second else None,
        }
        for trial in sorted(mine, key=order)
    ]
    return {"best": rows[0]["settings"], "trials": rows}


def _stated(scores: Sequence[float]) -> dict[str, float | None]:
    mean, low, high = (None if np.isnan(x) else x for x in mean_interval(scores))
    return {"mean": mean, "low": low, "high": high}


main = command("nas-benchmark tune", Options, tune, resumes=True)
