"""What every evaluator owes its callers, shown on the one that trains in process."""

import gymnasium
import pytest
import torch

import nas_env  # noqa: F401 - registers the environments
from nas_env.errors import StoreError
from nas_env.evaluation.in_process import InProcessEvaluator
from nas_env.run.store import Store

TINY = {"task": {"name": "digits", "train_size": 64}, "recipe": {"epochs": 1}, "layers": 1}


class FullDisk(Store):
    """Nothing can be written any more."""

    def put(self, request, evaluation):
        raise StoreError("the disk is full")

    def release(self, key):
        raise StoreError("the disk is full")


@pytest.fixture
def request_for_one():
    environment = gymnasium.make("NAS-Digits-v0", **TINY).unwrapped
    problem = environment.problem
    yield problem.request(problem.space.decode([0] * problem.space.length()))
    environment.close()


def test_a_store_that_fails_raises_and_does_not_hang(request_for_one):
    evaluator = InProcessEvaluator(torch.device("cpu"), FullDisk())
    future = evaluator.submit(request_for_one)
    with pytest.raises(StoreError, match="disk is full"):
        future.result(timeout=5)


def test_the_same_child_is_trained_once(request_for_one, monkeypatch):
    evaluator = InProcessEvaluator(torch.device("cpu"), Store())
    trained = []
    train = evaluator._train
    monkeypatch.setattr(evaluator, "_train", lambda r: trained.append(r.key) or train(r))
    first, second = (f.result() for f in evaluator.submit_batch([request_for_one] * 2))
    assert first == second
    assert trained == [request_for_one.key]


class BrokenPool(InProcessEvaluator):
    """Cannot start anything."""

    def _train(self, request):
        raise RuntimeError("the pool is broken")


def test_an_evaluator_that_cannot_start_gives_up_its_claim(request_for_one, tmp_path):
    evaluator = BrokenPool(torch.device("cpu"), Store(tmp_path / "s"))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="pool is broken"):
            evaluator.submit(request_for_one).result(timeout=5)
    assert Store(tmp_path / "s").claim(request_for_one.key) == "mine"
