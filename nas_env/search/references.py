"""Known networks that the best child is compared with: same recipe, seed and size."""

from __future__ import annotations

from typing import Any

from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.search.summary import interval


def evaluate_references(problem: Problem) -> dict[str, dict[str, Any]]:
    """Train the references of a problem's task, or find them in its store.

    Args:
        problem: Problem whose recipe, seed and budget of parameters they get.

    Returns:
        The figures of each reference by its label; empty for a space that has none.
    """
    compared = problem.task.compared(problem.space)
    requests = [
        problem.request(reference.architecture, space=reference.space)
        for reference in compared.values()
    ]
    found = problem.evaluator.submit_batch(requests)
    return {
        label: figures(problem, future.result())
        for label, future in zip(compared, found, strict=True)
    }


def figures(problem: Problem, evaluation: Evaluation) -> dict[str, Any]:
    """Return the figures of an evaluation for a report."""
    return {
        "status": evaluation.status,
        "reward": problem.objective.reward(evaluation),
        problem.task.metric.name: None,  # of one that failed
        **evaluation.metrics,
        **interval(problem, evaluation.metrics),
        "parameters": evaluation.parameters,
    }
