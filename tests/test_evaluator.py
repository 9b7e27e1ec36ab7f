"""What every evaluator owes its callers, shown on the one that trains in process."""

import os
import signal
from concurrent.futures import CancelledError

import gymnasium
import numpy as np
import pytest
import torch

import nas_env  # noqa: F401 - registers the environments
from nas_env.errors import StoreError
from nas_env.evaluation.in_process import InProcessEvaluator
from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.run.store import open_store
from nas_env.run.store.sqlite import SQLiteStore
from tests._killing import forked

TINY = {"task": {"name": "digits", "train_size": 64}, "recipe": {"epochs": 1}, "layers": 1}


class FullDisk(SQLiteStore):
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
    evaluator = InProcessEvaluator(torch.device("cpu"), open_store())
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
    evaluator = BrokenPool(torch.device("cpu"), open_store(tmp_path / "s"))
    for _ in range(2):
        with pytest.raises(RuntimeError, match="pool is broken"):
            evaluator.submit(request_for_one).result(timeout=5)
    assert open_store(tmp_path / "s").claim(request_for_one.key) == "mine"


@pytest.fixture
def shared(place):
    """An evaluator, and another store at the same place, as another process has it."""
    ours, theirs = place.open(), place.open()
    evaluator = InProcessEvaluator(torch.device("cpu"), ours)
    yield evaluator, theirs
    evaluator.close()


def test_what_another_process_trains_is_answered_when_it_is_there(request_for_one, shared):
    evaluator, theirs = shared
    assert theirs.claim(request_for_one.key) == "mine"
    future = evaluator.submit(request_for_one)
    assert not future.done()
    assert evaluator.submit(request_for_one) is future
    theirs.put(request_for_one, Evaluation("ok", {"validation_accuracy": 0.25}))
    assert future.result(timeout=60).metrics == {"validation_accuracy": 0.25}
    assert evaluator.submit(request_for_one).result(timeout=0).metrics == {
        "validation_accuracy": 0.25
    }


def test_what_another_process_gives_up_is_trained_here(request_for_one, shared):
    evaluator, theirs = shared
    assert theirs.claim(request_for_one.key) == "mine"
    future = evaluator.submit(request_for_one)
    assert not future.done()
    theirs.release(request_for_one.key)
    assert future.result(timeout=60).status == "ok"
    assert evaluator.work.ended == 1


def test_what_a_process_that_dies_has_claimed_is_trained_here(request_for_one, shared, place):
    claimed, told = os.pipe()

    def claim_and_hang():
        assert place.open().claim(request_for_one.key) == "mine"
        os.write(told, b"!")
        signal.pause()

    evaluator, _ = shared
    process = forked(claim_and_hang)
    os.read(claimed, 1)
    future = evaluator.submit(request_for_one)
    assert not future.done()
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    assert future.result(timeout=60).status == "ok"
    assert evaluator.work.ended == 1


def test_closing_cancels_what_another_process_trains(request_for_one, shared):
    evaluator, theirs = shared
    assert theirs.claim(request_for_one.key) == "mine"
    future = evaluator.submit(request_for_one)
    evaluator.close()
    with pytest.raises(CancelledError):
        future.result(timeout=0)


def test_an_error_while_another_process_is_watched_reaches_the_caller(request_for_one, shared):
    evaluator, theirs = shared
    assert theirs.claim(request_for_one.key) == "mine"
    future = evaluator.submit(request_for_one)
    evaluator.store.close()
    with pytest.raises(StoreError):
        future.result(timeout=60)


def test_tickets_are_answered_in_any_order_and_returned_once(tmp_path):
    theirs = open_store(tmp_path / "s")
    settings = {"space": "convolutional", "device": "cpu", **TINY}
    problem = Problem(store=tmp_path / "s", **settings)
    first, second = [0] * problem.space.length(), [1] * problem.space.length()
    assert problem.completed() == []
    taken = problem.request(problem.space.decode(first))
    assert theirs.claim(taken.key) == "mine"
    late, early = problem.submit([first, second])
    assert (late.number, early.number, early.tokens) == (0, 1, tuple(second))
    assert problem.completed() == [early]
    assert problem.completed(timeout=0) == []
    theirs.put(taken, Evaluation("ok", {"validation_accuracy": 0.25}))
    assert problem.completed() == [late]
    assert (
        late.evaluation.metrics == {"validation_accuracy": 0.25} and early.evaluation.status == "ok"
    )
    assert problem.completed() == []
    problem.close()
    theirs.close()


def test_a_table_answers_a_ticket_at_once():
    problem = Problem("nas_bench_digits")
    tokens = [problem.space.sample(rng) for rng in [np.random.default_rng(0)] * 2]
    tickets = problem.submit(tokens)
    assert all(ticket.done for ticket in tickets)
    assert problem.completed() == tickets
    assert [t.evaluation for t in tickets] == [e for _, e in problem.evaluate(tokens)]
