"""How far a child has come: what the engines report, and that it reaches whoever shows it."""

from contextlib import contextmanager

import gymnasium
import pytest

import nas_env  # noqa: F401 - registers the environments
from nas_env.evaluation import evaluate
from nas_env.evaluation._work import Work

IMAGES = {
    "id": "NAS-Digits-v0",
    "task": {"name": "digits", "train_size": 32, "validation_size": 32},
    "layers": 1,
}
TEXT = {
    "id": "NAS-PyDocs-v0",
    "task": {"name": "python_docs", "train_size": 2_000, "validation_size": 500},
    "hidden": 4,
}
EVALUATORS = ["in_process", {"name": "workers", "workers": 1}]


class Heard(Work):
    """Remembers every report, with the number of its child."""

    def __init__(self):
        super().__init__()
        self.reports = []

    @contextmanager
    def child(self, *about):
        with super().child(*about) as report:
            number = self.begun

            def heard(progress):
                self.reports.append((number, progress))
                report(progress)

            yield heard


@pytest.fixture
def problem_of():
    made = []

    def make(keywords, evaluator):
        made.append(gymnasium.make(**keywords, recipe={"epochs": 2}, evaluator=evaluator))
        return made[-1].unwrapped.problem

    yield make
    for environment in made:
        environment.close()


@pytest.mark.parametrize("keywords", [IMAGES, TEXT], ids=["images", "text"])
@pytest.mark.parametrize("evaluator", EVALUATORS, ids=["in process", "worker"])
def test_each_epoch_of_a_child_is_reported(keywords, evaluator, problem_of):
    problem = problem_of(keywords, evaluator)
    heard = problem.evaluator.work = Heard()
    tokens = [0] * problem.space.length()
    ((architecture, evaluation),) = problem.evaluate([tokens])
    assert [(number, p.epoch, p.epochs) for number, p in heard.reports] == [
        (1, 0, 2), (1, 1, 2), (1, 2, 2),
    ]  # fmt: skip
    assert heard.reports[0][1].values == {}
    for epoch in (1, 2):
        expected = {name: curve[epoch - 1] for name, curve in evaluation.curves.items()}
        assert heard.reports[epoch][1].values == expected
    assert (heard.begun, heard.ended, heard.children()) == (1, 1, [])
    alone = evaluate(problem.request(architecture), problem.device)
    assert alone.curves == evaluation.curves, "who listens changes no digit"


def test_a_child_that_was_interrupted_is_at_work_no_more():
    work = Work()
    with pytest.raises(KeyboardInterrupt), work.child():
        raise KeyboardInterrupt
    assert (work.begun, work.ended, work.children()) == (1, 1, [])
