"""Trains requests through a problem's evaluator, with progress and the time that is left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from rich.console import Console

from nas_env.metrics import Metric
from nas_env.problem import Problem
from nas_env.records import Evaluation, Request
from nas_env.search._moments import duration
from nas_env.search.display import Display


def unknown(problem: Problem, requests: Sequence[Request]) -> list[Request]:
    """Return the requests that a problem's store does not answer."""
    return [each for each in requests if problem.evaluator.known(each) is None]


def answers(
    problem: Problem,
    requests: Sequence[Request],
    label: str,
    console: Console,
    expected: float | None,
    metric: Metric | None = None,
) -> list[Evaluation]:
    """Return the evaluations of requests; those that the store does not have are trained.

    Args:
        problem: Problem with the evaluator and the store.
        requests: Requests.
        label: Label of the display.
        console: Console of the display.
        expected: Seconds of one training; None if unknown.
        metric: Metric that is shown of a child at work.
    """
    evaluator = problem.evaluator
    left = len(unknown(problem, requests))
    rounds = math.ceil(left / evaluator.capacity)
    with Display(
        console,
        label,
        len(requests),
        len(requests) - left,
        work=evaluator.work,
        metric=metric,
        expected=None if expected is None else rounds * expected,
    ):
        return [future.result() for future in evaluator.submit_batch(requests)]


def rehearsed(
    problem: Problem, requests: Sequence[Request], finals: int, console: Console
) -> float | None:
    """Return the seconds of the first of some requests, and tell a person of all of them.

    Args:
        problem: Problem with the evaluator.
        requests: Requests that are still to be trained, so that they are compared.
        finals: Trainings that follow.
        console: Console on which the line is printed.

    Returns:
        None if nothing is left, or nothing can be told.
    """
    if not requests:
        return None
    capacity = problem.evaluator.capacity
    at_once = min(capacity, len(requests))
    found = problem.evaluator.rehearse(requests[0], at_once)
    if not found:
        return None
    seconds = fmean(each.build + each.train + each.validate for each in found)
    whole = duration(seconds * math.ceil(len(requests) / capacity))
    told = f"{len(requests)} trainings to compare, {duration(seconds)} each, {at_once} at once: "
    then = f"; then {finals} of what is chosen" if finals else ""
    console.print(f"{told}about {whole}{then}", soft_wrap=True)
    return seconds
