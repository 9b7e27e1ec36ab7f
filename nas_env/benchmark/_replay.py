"""Plays a submission again, and derives each of its figures."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agents import Proposal, make_agent
from nas_env.benchmark._anytime import incumbent
from nas_env.benchmark._environment import Truth, make_vector, truth_of
from nas_env.benchmark._job import Budget
from nas_env.benchmark._submission import Run, Submission, checked, compare, first_difference, read
from nas_env.errors import InvalidTokens, InvalidValue
from nas_env.problem import Problem
from search_spaces import Architecture

BATCH = 64  # episodes that are replayed at once


def validated(path: Path, trusted: Collection[str] = ()) -> tuple[Submission, dict[str, Any]]:
    """Read a submission, check its figures by playing it again, and return both.

    Args:
        path: File of the submission.
        trusted: Modules that its environment may come from.

    Raises:
        InvalidValue: If something is wrong; the message is one line that says what.
    """
    submission = read(path)
    figures = derive(submission, trusted)
    compare(submission.figures, figures)
    return submission, figures


def derive(submission: Submission, trusted: Collection[str] = ()) -> dict[str, Any]:
    """Play every sequence again, and return the figures that ought to be claimed.

    Raises:
        InvalidValue: If anything but the figures is wrong.
    """
    budget, runs = checked(submission, trusted)
    with contextlib.closing(make_vector(submission.environment, submission.make, BATCH)) as env:
        problem = env.unwrapped.problem
        truth = truth_of(env)
        ours, theirs = problem.spec, _whole(submission.problem, problem)
        if truth is not None:  # a function answers the same on every device
            theirs["device"] = ours["device"]
        if ours != theirs:
            what = first_difference(theirs, ours)
            raise InvalidValue(f"{submission.environment} is not what was played: {what}")
        for run in runs:
            _check_tokens(problem.space, run)
        outcomes = _replay(env, {tokens for run in runs for tokens in run.tokens})
    per_run = [_figures(run, outcomes, budget, truth) for run in runs]
    return {"runs": per_run, "mean": _mean(per_run)}


def _whole(played: Mapping[str, Any], problem: Problem) -> dict[str, Any]:
    """Return the settings of a problem with those that its recipe and space were given later."""
    later = {
        "recipe": problem.recipe.later_defaults(),
        "space": problem.space.later_defaults(),
    }
    return {
        name: {**later.get(name, {}), **value} if isinstance(value, Mapping) else value
        for name, value in played.items()
    }


def marks_of(amount: int) -> list[int]:
    """Return the episodes at which curves are stated: 1, 2, 5, 10, … and the last.

    Example:
        >>> marks_of(30)
        [1, 2, 5, 10, 20, 30]
    """
    ladder = [m * 10**power for power in range(10) for m in (1, 2, 5)]
    return [mark for mark in ladder if mark < amount] + [amount]


def _check_tokens(space: Any, run: Run) -> None:
    for number, tokens in enumerate(run.tokens, start=1):
        where = f"seed {run.seed}, episode {number}"
        if len(tokens) != space.length():
            raise InvalidValue(f"{where}: {len(tokens)} tokens, expected {space.length()}")
        try:
            space.check_tokens(tokens)
        except InvalidTokens as error:
            raise InvalidValue(f"{where}: {error}") from None


@dataclass(frozen=True)
class _Outcome:
    reward: float
    validation: float | None
    canonical: Architecture


def _replay(environment: Any, sequences: set[tuple[int, ...]]) -> dict[tuple, _Outcome]:
    """Play each sequence once, through the environment's own steps."""
    player = make_agent({"name": "random_search", "batch_size": BATCH}, environment)
    problem, ordered = environment.unwrapped.problem, sorted(sequences)
    space, main = problem.space, problem.task.metric
    outcomes = {}
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        for episode in player.play([Proposal(i, tokens, 0) for i, tokens in enumerate(batch)]):
            ok = episode.evaluation["status"] == "ok"
            metric = float(episode.evaluation["metrics"][main.name]) if ok else None
            canonical = space.parse(episode.architecture).canonical()
            outcomes[episode.tokens] = _Outcome(episode.reward, metric, canonical)
    return outcomes


def _figures(
    run: Run, outcomes: Mapping[tuple, _Outcome], budget: Budget, truth: Truth | None
) -> dict[str, Any]:
    """The figures of one search."""
    played = [outcomes[tokens] for tokens in run.tokens]
    distinct = len({outcome.canonical for outcome in played})
    if budget.kind == "distinct" and distinct > budget.amount:
        raise InvalidValue(
            f"seed {run.seed} has {distinct} distinct architectures, the budget is {budget.amount}"
        )
    validation = np.array([np.nan if o.validation is None else o.validation for o in played])
    rewards = np.where(np.isnan(validation), np.nan, [outcome.reward for outcome in played])
    found = {"validation": validation}
    if truth is not None and truth.has_test:
        found["test"] = truth.test(run.tokens)
    curves = {name: incumbent(rewards, values) for name, values in found.items()}
    marks = marks_of(len(played))
    figures = {
        "seed": run.seed,
        "episodes": len(played),
        "distinct": distinct,
        **{name: _number(curve[-1]) for name, curve in curves.items()},
        "curve": {
            name: {str(m): _number(curve[m - 1]) for m in marks} for name, curve in curves.items()
        },
    }
    if truth is not None and (optimum := truth.optimum):
        figures["regret"] = {n: _number(abs(best - curves[n][-1])) for n, best in optimum.items()}
    return figures


def _mean(per_run: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Return the mean of each figure over the runs that have it."""
    names = [name for name in ("validation", "test", "distinct") if name in per_run[0]]
    known = {name: [r[name] for r in per_run if r[name] is not None] for name in names}
    return {name: float(np.mean(values)) if values else None for name, values in known.items()}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
