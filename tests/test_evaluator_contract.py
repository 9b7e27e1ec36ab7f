"""What every evaluator owes its callers, and that the checks of it find each fault."""

from concurrent.futures import Future
from dataclasses import replace

import pytest

import nas_env  # noqa: F401 - registers the environments
from nas_env.evaluation import Evaluator, evaluate, evaluator_class, evaluator_names
from nas_env.evaluation.in_process import InProcessEvaluator
from nas_env.testing import EVALUATOR_CHECKS, check_evaluator
from nas_env.testing._asked import Asked
from tests._faults import expect_broken

#: Settings of the evaluators that need some.
SETTINGS = {"workers": {"workers": 2}}
#: Those that train nothing have tests of their own; Ray has a cluster, see tests/test_ray.py.
TRAINED = [name for name in evaluator_names() if evaluator_class(name).trains]
TRAINING = [name for name in TRAINED if name != "ray"]


@pytest.mark.parametrize("check", EVALUATOR_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", TRAINING)
def test_every_evaluator_keeps_its_contract(name, check):
    check(Asked({"name": name, **SETTINGS.get(name, {})}))


# -- the checks themselves: each fault is found, and its method named ----------------------------
class Answering(Evaluator):
    """Answers by :meth:`wrong`, without a thought."""

    def _train(self, request):
        future = Future()
        try:
            future.set_result(self.wrong(request))
        except Exception as error:
            future.set_exception(error)
        return future


class Rounded(Answering):
    def wrong(self, request):
        answer = evaluate(request, self.device)
        return replace(answer, curves={n: [0.5] for n in answer.curves})


class Raising(Answering):
    def wrong(self, request):
        answer = evaluate(request, self.device)
        if answer.status != "ok":
            raise RuntimeError(answer.error)
        return answer


class Forgetful(InProcessEvaluator):
    def submit(self, request):
        return self._train(request)


class Careless(InProcessEvaluator):
    def prepare(self, task):
        pass


FAULTS = {
    Rounded: "Rounded._train: expected Evaluation",
    Raising: "Raising, a_child_that_fails_is_a_status .*got RuntimeError: RuntimeError: this child",
    Forgetful: "Forgetful.submit: expected Evaluation.*, got None",
    Careless: "Careless.prepare: expected DataInvalid for labels that do not fit, got the answer",
}


@pytest.mark.parametrize("evaluator", FAULTS, ids=lambda evaluator: evaluator.__name__)
def test_a_fault_is_found_and_its_method_named(evaluator):
    expect_broken(FAULTS[evaluator], check_evaluator, f"{__name__}:{evaluator.__name__}")
