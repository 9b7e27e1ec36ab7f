"""What every objective keeps, and that the checks of it find each fault."""

from dataclasses import dataclass

import pytest

from nas_env.errors import InvalidValue
from nas_env.metrics import VALIDATION_ACCURACY, VALIDATION_PERPLEXITY
from nas_env.objectives import Objective, make_objective, objective_names
from nas_env.testing import OBJECTIVE_CHECKS, check_objective
from nas_env.testing.objective import Rewarding
from tests._faults import expect_broken


def cases():
    """Each objective, for each metric that it takes."""
    for name in objective_names():
        for metric in (VALIDATION_ACCURACY, VALIDATION_PERPLEXITY):
            try:
                made = make_objective(name, [metric])
            except InvalidValue:
                continue
            yield pytest.param(made, id=f"{name}-{metric.name}")


CASES = list(cases())


@pytest.mark.parametrize("check", OBJECTIVE_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("objective", CASES)
def test_every_objective_keeps_its_contract(objective, check):
    check(Rewarding(objective))


def test_each_objective_is_for_some_metric():
    assert {case.values[0].name for case in CASES} == set(objective_names())


# -- the checks themselves: each fault is found, and its method named ----------------------------
@dataclass(frozen=True)
class Backwards(Objective):
    def value(self, measured):
        return -measured[self.metric.name]


@dataclass(frozen=True)
class Flat(Objective):
    def value(self, measured):
        return 0.0 * measured[self.metric.name]


@dataclass(frozen=True)
class OneByOne(Objective):
    def value(self, measured):
        return 0.5 if measured["parameters"] > 5_000 else 1.0


@dataclass(frozen=True)
class Generous(Objective):
    def value(self, measured):
        return measured[self.metric.name]

    def reward(self, evaluation):
        return super().reward(evaluation) if evaluation.status == "ok" else 1.0


@dataclass(frozen=True)
class Careless(Objective):
    def value(self, measured):
        return measured[self.metric.name] / dict(measured)["flops"]


FAULTS = {
    Backwards: "Backwards.value: expected rewards that grow as validation_accuracy gets better",
    Flat: "Flat.value: expected other rewards of other metrics",
    OneByOne: "OneByOne, many_are_rewarded_as_one .*got ValueError: The truth value of an array",
    Generous: "Generous.reward: expected 0.0 of .*, got 1.0",
    Careless: "Careless.value: expected InvalidValue, or a reward, .* got KeyError",
}


@pytest.mark.parametrize("objective", FAULTS, ids=lambda objective: objective.__name__)
def test_a_fault_is_found_and_its_method_named(objective):
    expect_broken(FAULTS[objective], check_objective, f"{__name__}:{objective.__name__}")
