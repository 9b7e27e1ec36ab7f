"""Searches on simulated clusters: what benchmarks/scale.py plays, and what it tells of it."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agents import make_agent, make_environment
from benchmarks._results import mean_interval
from nas_env.evaluation._simulation import HOUR
from nas_env.run.folder import Run
from nas_env.search.loop import Search

FUNCTION = "nas_env:NK-24-4-v0"  # 16.8 million sequences, the best has a fitness of 0.783
TARGET = 0.75  # reward of a child
LEVEL, WINDOW = 0.7, 100  # mean reward of so many children in a row
TIMES = "layers_6"
RATE = 0.25  # learning rate of reinforce_tabular where it learns from one child at a time


@dataclass(frozen=True)
class Arm:
    """A search, but for its seed.

    Attributes:
        batch: Children of an update, m.
        workers: Children at once; of K replicas K times m.
        children: The budget.
        order: Order in which the agent is handed its children.
        agent: Name and settings of the agent, but for its batch; ``reinforce_tabular`` has a
            learning rate that grows with the root of the batch.
        env: Id of a table or function.
        cluster: Further settings of the simulated cluster; there is no store, as in the paper.
    """

    batch: int
    workers: int
    children: int
    order: str = "finished"
    agent: Mapping[str, Any] = field(default_factory=lambda: {"name": "reinforce_tabular"})
    env: str = FUNCTION
    cluster: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> dict[str, Any]:
        """The agent with all of its settings."""
        replicas = self.agent["name"] == "replicas"
        spec = {**self.agent, "children" if replicas else "batch_size": self.batch}
        if spec["name"] == "reinforce_tabular":
            spec["learning_rate"] = RATE * math.sqrt(self.batch)
        return spec

    @property
    def evaluator(self) -> dict[str, Any]:
        """The cluster with its settings."""
        fixed = {"name": "simulated", "workers": self.workers, "times": TIMES, "store": False}
        return {**fixed, **self.cluster}


class Played(NamedTuple):
    """The course of one search.

    Attributes:
        rewards: Reward of each child in the order of arrival, (children,).
        hours: Simulated hours at which each arrived, (children,).
        late: Updates between its proposal and its arrival, (children,); empty in the order of
            submission.
        figures: Figures of its summary.
    """

    rewards: np.ndarray
    hours: np.ndarray
    late: np.ndarray
    figures: Mapping[str, Any]

    @property
    def rate(self) -> float:
        """Children of a simulated hour."""
        return self.figures["simulated"]["children_per_hour"]

    @property
    def running(self) -> tuple[np.ndarray, np.ndarray]:
        """The mean reward of 100 children in a row, and the hours of the last of them."""
        window = min(WINDOW, len(self.rewards))
        means = np.convolve(self.rewards, np.ones(window) / window, mode="valid")
        return self.hours[window - 1 :], means


def play(job: tuple[Arm, int]) -> Played:
    """Search once, with a seed that also decides the times of the children."""
    arm, seed = job
    with tempfile.TemporaryDirectory() as folder:
        run = Run.create(Path(folder) / "run")
        make = {"evaluator": arm.evaluator, "evaluation_seed": seed}
        environment = make_environment(arm.spec, arm.env, **make)
        problem = environment.unwrapped.problem
        agent = make_agent(arm.spec, environment, seed)
        search = Search(agent, problem, run, children=arm.children, order=arm.order)
        figures = search.play()
        environment.close()
        run.close()
    late = [r["learned"] - r["version"] for r in search.records if "learned" in r]
    hours = np.array([record["at"] for record in search.records]) / HOUR
    return Played(np.array(search.rewards), hours, np.array(late), figures)


def told(searches: Sequence[Played]) -> dict[str, Any]:
    """Return what is told of an arm: means over its searches, one for each seed."""
    figures: dict[str, Any] = {
        "utilisation": mean([each.figures["utilisation"] for each in searches], 3),
        "children an hour": mean([each.rate for each in searches], 1),
        "hours to a child of 0.75": median([to_child(each) for each in searches]),
        "hours to a mean of 0.7": median([to_level(each) for each in searches]),
        "mean reward": rounded([float(each.rewards.mean()) for each in searches]),
        "best reward": rounded([float(each.rewards.max()) for each in searches]),
        "different children": mean([each.figures["distinct"] for each in searches], 0),
    }
    late = np.concatenate([each.late for each in searches])
    if len(late):
        figures["staleness"] = {
            "mean": round(float(late.mean()), 2),
            "half": float(np.median(late)),
            "95%": float(np.quantile(late, 0.95)),
            "most": int(late.max()),
        }
    lost = [each.figures["simulated"] for each in searches]
    if any(each["node_failures"] for each in lost):
        figures["node failures"] = mean([each["node_failures"] for each in lost], 1)
        figures["hours lost"] = mean([each["seconds_lost"] / HOUR for each in lost], 1)
    return figures


def to_child(search: Played, reward: float = TARGET) -> float:
    """Return the simulated hours until a child had a reward; infinite if none had it."""
    reached = np.flatnonzero(search.rewards >= reward)
    return float(search.hours[reached[0]]) if len(reached) else math.inf


def to_level(search: Played, level: float = LEVEL) -> float:
    """Return the simulated hours until 100 children in a row had a mean reward, or infinity."""
    hours, means = search.running
    reached = np.flatnonzero(means >= level)
    return float(hours[reached[0]]) if len(reached) else math.inf


def differences(ours: Sequence[Played], others: Sequence[Played]) -> list[float]:
    """Return the mean difference of the mean reward, seed by seed, and half its 95% interval."""
    pairs = zip(ours, others, strict=True)
    return rounded([float(a.rewards.mean() - b.rewards.mean()) for a, b in pairs])


def rounded(values: Sequence[float]) -> list[float]:
    """Return the mean of values and half its 95% interval, NaN of one value aside."""
    middle, half = mean_interval(values) if len(values) > 1 else (values[0], math.nan)
    return [round(each, 4) for each in (middle, half) if not math.isnan(each)]


def mean(values: Sequence[float], digits: int) -> float:
    """Return the rounded mean."""
    return round(float(np.mean(values)), digits)


def median(values: Sequence[float]) -> float | None:
    """Return the median, with three digits; None where half of the searches came nowhere."""
    middle = float(np.median(values))
    return None if math.isinf(middle) or math.isnan(middle) else float(f"{middle:.3g}")
