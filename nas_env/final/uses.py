"""The uses of a test set: a second one is refused, as the ledger of the store shows it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any

from nas_env.errors import InvalidValue
from nas_env.problem import Problem
from nas_env.run.ledger import Reading

_LOG = logging.getLogger(__name__)


def readings(problem: Problem) -> list[Reading]:
    """Return the lines of the store's ledger that are about the test set of a problem's task."""
    here = _test_set(problem, problem.task.request_spec)
    found = problem.store.readings()
    return [line for line in found if _test_set(problem, line.request["task"]) == here]


def _test_set(problem: Problem, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what identifies a test set: the other settings of a task leave it as it is."""
    names = ("name", "version", problem.task.content_setting)
    return {name: spec.get(name) for name in names if name is not None}


def refuse_second_use(problem: Problem, allowed: Collection[str]) -> None:
    """Refuse to use the test set where another network, or another recipe, was tested on it.

    Args:
        problem: Problem whose task has the test set.
        allowed: Uses that belong to this final training.

    Raises:
        InvalidValue: If there is another; the message has the first of its lines.
    """
    if not all(recovery.ledger_whole for recovery in problem.store.recoveries()):
        line = "%s was recovered, and a reading of a test set may be missing in its ledger"
        _LOG.warning(line, problem.store.address)
    for line in readings(problem):
        if line.use not in allowed:
            shown = line.shown()
            raise InvalidValue(
                f"the test set of task {problem.task.name} was used before ({shown['time']}, "
                f"{line.metric} {line.value:.4f}, line {line.number} of the ledger in "
                f"{problem.store.address}): a second use, by another network or recipe, "
                "needs --again"
            )
