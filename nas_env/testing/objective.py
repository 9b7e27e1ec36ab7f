"""Checks of an objective."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np

from nas_env.errors import InvalidValue
from nas_env.metrics import VALIDATION_ACCURACY, Metric
from nas_env.objectives import Objective, make_objective
from nas_env.records import Evaluation, Status
from nas_env.testing._broken import Case, ContractBroken, expect, run_checks

SIZES = ((1_000, 50_000, 0.5), (200_000, 9_000_000, 20.0))  # parameters, FLOPs, seconds
VALUES = (0.1, 0.4, 0.5, 0.9)  # fractions; a metric of which less is better is 1 over them


@dataclass(frozen=True)
class Rewarding(Case):
    """An objective under test, with evaluations for it to reward."""

    objective: Objective

    @property
    def title(self) -> str:
        """The name of its class."""
        return type(self.objective).__name__

    @property
    def metric(self) -> Metric:
        """The metric that it is about."""
        return self.objective.metric

    def all(self) -> list[Evaluation]:
        """Return all evaluations in one list."""
        return [evaluation for group in self.evaluations() for evaluation in group]

    def evaluations(self) -> list[list[Evaluation]]:
        """Return evaluations from the worst metric to the best, a list for each size."""
        values = VALUES if self.metric.maximise else tuple(1 / value for value in VALUES)
        return [
            [
                Evaluation(
                    "ok",
                    {self.metric.name: value},
                    parameters=parameters,
                    flops=flops,
                    seconds={"train": seconds},
                )
                for value in values
            ]
            for parameters, flops, seconds in SIZES
        ]


def settings_are_json(rewarding: Rewarding) -> None:
    """An objective is made again from its spec, and is equal to it."""
    objective = rewarding.objective
    again = make_objective(json.loads(json.dumps(objective.spec)), [objective.metric])
    where = rewarding.method("spec")
    expect(again == objective, where, f"a spec that makes {objective}", again)
    expect(hash(again) == hash(objective), where, "equal hashes of equal objectives")
    expect(pickle.loads(pickle.dumps(objective)) == objective, where, "an objective to pickle")


def rewards_are_numbers(rewarding: Rewarding) -> None:
    """Each child that succeeded has a finite reward, which is the same each time."""
    for evaluation in rewarding.all():
        reward = rewarding.objective.reward(evaluation)
        expect(type(reward) is float, rewarding.method("value"), "a number", reward)
        again = rewarding.objective.reward(evaluation)
        expect(again == reward, rewarding.method("value"), f"{reward} again", again)


def a_failure_has_the_reward_of_failures(rewarding: Rewarding) -> None:
    """A child that failed has the failure reward, whatever was measured of it."""
    objective, (evaluation, *_) = rewarding.objective, rewarding.evaluations()[0]
    for status in set(get_args(Status)) - {"ok"}:
        reward = objective.reward(replace(evaluation, status=status, metrics={}))
        expected = objective.failure_reward
        expect(reward == expected, rewarding.method("reward"), f"{expected} of {status}", reward)


def many_are_rewarded_as_one(rewarding: Rewarding) -> None:
    """The rewards of arrays are those of their numbers, and those of failures the failure's."""
    objective, evaluations = rewarding.objective, rewarding.all()
    measured = {
        rewarding.metric.name: [e.metrics[rewarding.metric.name] for e in evaluations],
        "parameters": [e.parameters for e in evaluations],
        "flops": [e.flops for e in evaluations],
        "seconds": [e.seconds["train"] for e in evaluations],
    }
    arrays = {name: np.array(values, dtype=np.float64) for name, values in measured.items()}
    expected = [objective.reward(evaluation) for evaluation in evaluations]
    found = objective.rewards(arrays, np.zeros(len(evaluations), dtype=bool))
    expect(found.shape == (len(expected),), rewarding.method("value"), "an array of arrays", found)
    same = np.allclose(found, expected, rtol=1e-12, atol=0)
    expect(same, rewarding.method("value"), f"{expected} of arrays", found.tolist())
    failed = objective.rewards(arrays, np.ones(len(evaluations), dtype=bool))
    same = (failed == objective.failure_reward).all()
    expect(same, rewarding.method("rewards"), "the failure reward of all that failed", failed)


def a_better_metric_is_no_lower_reward(rewarding: Rewarding) -> None:
    """Among networks of one size, a better metric has a higher reward, or an equal one."""
    rewards = [
        [rewarding.objective.reward(evaluation) for evaluation in evaluations]
        for evaluations in rewarding.evaluations()
    ]
    for found in rewards:
        better = f"rewards that grow as {rewarding.metric.name} gets better"
        expect(found == sorted(found), rewarding.method("value"), better, found)
    told = any(found[0] < found[-1] for found in rewards)
    expect(told, rewarding.method("value"), "other rewards of other metrics", rewards)


def an_unknown_cost_is_refused(rewarding: Rewarding) -> None:
    """A network whose size is unknown has a reward, or is refused by name."""
    (evaluation, *_) = rewarding.evaluations()[0]
    unknown = replace(evaluation, parameters=None, flops=None, seconds={})
    try:
        rewarding.objective.reward(unknown)
    except InvalidValue:
        return
    except Exception as error:
        raise ContractBroken(
            f"{rewarding.method('value')}: expected InvalidValue, or a reward, of an evaluation "
            f"without parameters, flops and seconds, got {error!r}"
        ) from error


#: What every objective keeps, one function for each part of the contract.
OBJECTIVE_CHECKS = (
    settings_are_json,
    rewards_are_numbers,
    a_failure_has_the_reward_of_failures,
    many_are_rewarded_as_one,
    a_better_metric_is_no_lower_reward,
    an_unknown_cost_is_refused,
)


def check_objective(
    objective: str | Mapping[str, Any], metric: Metric = VALIDATION_ACCURACY
) -> None:
    """Check that an objective keeps its contract.

    Args:
        objective: Name of the objective (``"package.module:NAME"``), or name and settings.
        metric: Metric of a task that the objective is for.

    Raises:
        ContractBroken: If it does not; the message says what was expected of which method.

    Example:
        >>> check_objective({"name": "accuracy_cubed", "exponent": 2})
    """
    run_checks(OBJECTIVE_CHECKS, Rewarding(make_objective(objective, [metric])))
