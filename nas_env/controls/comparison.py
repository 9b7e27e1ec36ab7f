"""Searches beside their random controls: the curves of each number of the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from nas_env.benchmark._statistics import mean_interval
from nas_env.controls.curves import Curve, Pair, over_children, over_seconds
from nas_env.controls.runs import Searched
from nas_env.errors import InvalidValue
from nas_env.metrics import Metric


class Compared(NamedTuple):
    """Searches beside their controls.

    Attributes:
        runs: The runs, each with as many children as all have.
        metric: The main metric of their task.
        children: The number of children over which all are compared.
        longest: The number of children of the longest search.
        over_children: The curve of each number of the best for which there is one.
        over_seconds: The curve of each over seconds of training; None where there is none.
    """

    runs: Sequence[Searched]
    metric: Metric
    children: int
    longest: int
    over_children: Mapping[int, Curve]
    over_seconds: Mapping[int, Curve | None]

    @property
    def agent(self) -> str:
        """The name of the agent."""
        return self.runs[0].config["agent"]["name"]

    @property
    def env(self) -> str:
        """The id of the environment."""
        return self.runs[0].config["env"]


def compare(runs: Sequence[Searched], metric: Metric, counts: Sequence[int]) -> Compared:
    """Compare searches with their controls, as far as all of them have children.

    Args:
        runs: The runs.
        metric: The main metric of their task.
        counts: Numbers of the best whose mean is taken.

    Raises:
        InvalidValue: If some search has too few different children for each of the numbers.
    """
    lengths = [len(played.values) for run in runs for played in run.pair]
    children = min(lengths)
    cut = [run._replace(pair=Pair(*(p.first(children) for p in run.pair))) for run in runs]
    pairs = [run.pair for run in cut]
    curves = {count: over_children(pairs, count, metric.maximise) for count in counts}
    known = {count: curve for count, curve in curves.items() if curve is not None}
    if not known:
        raise InvalidValue(
            f"--top {min(counts)}: there is a search whose first {children:,} children are fewer "
            "different networks that succeeded"
        )
    seconds = {count: over_seconds(pairs, count, metric.maximise) for count in known}
    return Compared(cut, metric, children, max(lengths), known, seconds)


def bands(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, low and high of the 95% interval over runs: (runs, points) -> (points,) each.

    Of a single run, low and high are NaN.
    """
    mean, low, high = np.array([mean_interval(column) for column in values.T]).T
    return mean, low, high
