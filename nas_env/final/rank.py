"""The agreement of two orders of a search's networks: by the search, and by the final recipe."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nas_env.final.top import Found
from nas_env.final.verdict import FEWEST, verdict
from nas_env.metrics import Metric, Z
from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.statistics.agreement import bootstrap, same_order, tau, told_apart, top_overlap
from nas_env.tasks import Task

TOP = 3  # best networks whose overlap is told

Figures = dict[str, Any]


class Ranked(NamedTuple):
    """A network of a search that was trained by the final recipe, and validated.

    Attributes:
        found: The network as the search found it.
        evaluation: Evaluation by the final recipe.
    """

    found: Found
    evaluation: Evaluation


def spread(found: Sequence[Found], networks: int) -> list[Found]:
    """Return networks at even steps of a search's order: the best of each of so many parts.

    Args:
        found: The different architectures of the search, the best first.
        networks: How many; there may be fewer.

    Example:
        >>> [each.name for each in spread([Found(name, {}) for name in "abcdefg"], 3)]
        ['a', 'c', 'e']
    """
    count = min(networks, len(found))
    return [found[len(found) * part // count] for part in range(count)]


def known(problem: Problem, found: Sequence[Found]) -> list[Ranked]:
    """Return the networks of a search that the store has by a problem's recipe."""
    parse, answer = problem.space.parse, problem.evaluator.known
    answers = [(each, answer(problem.request(parse(each.architecture)))) for each in found]
    return [Ranked(each, evaluation) for each, evaluation in answers if evaluation is not None]


def rank(networks: Sequence[Ranked], task: Task, top: int = TOP) -> Figures:
    """Return how far two orders of networks agree: by the search, and by the final recipe.

    A network that diverges by the final recipe is worse than all others. One that failed for
    another reason is left out.

    Args:
        networks: Networks that were trained by both.
        task: The task of both.
        top: Number of the best whose overlap is told.

    Returns:
        The figures as plain JSON values, with each network and the verdict; if there are too few
        networks, or they have the search's own recipe, ``verdict`` says so in place of figures.
    """
    metric = task.metric
    evaluations = [each.evaluation for each in networks if each.evaluation.is_fact]
    found = [each.found for each in networks if each.evaluation.is_fact]
    search = _scores([each.value for each in found], metric)
    final = _scores([each.metrics.get(metric.name) for each in evaluations], metric)
    told: Figures = {"metric": metric.name, "maximise": metric.maximise, "networks": len(found)}
    told["each"] = [
        {
            "name": each.name,
            "search": each.value,
            "search_place": 1 + int((search > search[number]).sum()),
            "final": evaluation.metrics.get(metric.name),
            "final_place": 1 + int((final > final[number]).sum()),
            "status": evaluation.status,
        }
        for number, (each, evaluation) in enumerate(zip(found, evaluations, strict=True))
    ]
    if len(found) < FEWEST:
        return {**told, "verdict": f"{len(found)} networks are too few to compare two orders."}
    if (search == final).all():
        return {**told, "verdict": "The final recipe is the search's own."}
    figures = {**told, **_agreement(search, final, top), "alike": _alike(evaluations, task)}
    return {**figures, "verdict": verdict(figures)}


def _agreement(search: np.ndarray, final: np.ndarray, top: int) -> Figures:
    """Return Kendall's tau and the overlap of the best, each with its interval."""
    count = len(search)
    top = min(top, count - 1)

    def order(drawn: np.ndarray) -> float:
        return tau(search[drawn], final[drawn])

    def overlap(drawn: np.ndarray) -> float:
        return top_overlap(told_apart(search, drawn), told_apart(final, drawn), top)

    return {
        "tau": _plain(tau(search, final)),
        "tau_interval": [_plain(bound) for bound in bootstrap(order, count)],
        "same_order": _plain(same_order(search, final)),
        "top": top,
        "top_overlap": _plain(top_overlap(search, final, top)),
        "top_overlap_interval": [_plain(bound) for bound in bootstrap(overlap, count)],
        "top_overlap_by_chance": _plain(top / count),
    }


def _scores(values: Sequence[float | None], metric: Metric) -> np.ndarray:
    """Return metrics as scores of which more is better; those that are missing are the lowest."""
    scores = np.array([math.nan if value is None else value for value in values])
    scores = scores if metric.maximise else -scores
    return np.where(np.isnan(scores), np.nanmin(scores, initial=0) - 1, scores)


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


def _alike(evaluations: Sequence[Evaluation], task: Task) -> bool:
    """Tell whether equal networks would differ as much on a validation set of this size.

    The variance of the metrics is compared with that which the interval of the middle one leaves
    open, by the test of chi-squared at 5%.
    """
    from scipy.stats import chi2

    name = task.metric.name
    if any(name not in each.metrics for each in evaluations):
        return False
    ordered = sorted((each.metrics for each in evaluations), key=lambda metrics: metrics[name])
    interval = task.interval(ordered[len(ordered) // 2])
    if interval is None:
        return False
    expected = ((interval[1] - interval[0]) / (2 * Z)) ** 2
    freedom = len(ordered) - 1
    found = np.var([metrics[name] for metrics in ordered], ddof=1)
    return bool(freedom * found <= chi2.ppf(0.95, freedom) * expected)
