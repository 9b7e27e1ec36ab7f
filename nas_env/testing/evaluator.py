"""Checks of an evaluator."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from nas_env.errors import DataInvalid, StoreError
from nas_env.evaluation import evaluate
from nas_env.records import Evaluation, Request
from nas_env.run.store import open_store
from nas_env.run.store.sqlite import SQLiteStore
from nas_env.testing._asked import Asked, requests, timeless
from nas_env.testing._broken import expect, expect_refusal, run_checks


def it_answers_what_training_here_gives(asked: Asked) -> None:
    """The numbers of a child are those of a training in this process."""
    with asked.problem() as problem:
        wanted = requests(problem, 3)
        futures = problem.evaluator.submit_batch(wanted)
        answers = [asked.answer(future) for future in futures]  # before a training here
        for request, answer in zip(wanted, answers, strict=True):
            expected = timeless(evaluate(request, problem.device))
            given = timeless(answer)
            where = asked.method("_train")
            expect(given.status == "ok", where, "a child that is ok", f"{given}")
            expect(given == expected, where, f"{expected}", f"{given}")


def an_answer_is_in_the_store_before_it_is_seen(asked: Asked) -> None:
    """An evaluation is stored, under the key of its request."""
    with asked.problem() as problem:
        (request,) = requests(problem)
        answer = asked.answer(problem.evaluator.submit(request))
        stored = problem.store.get(request.key)
        expect(stored == answer, asked.method("submit"), f"{answer} in the store", stored)


def no_child_is_trained_twice(asked: Asked) -> None:
    """Requests for one child, at once or later, have one answer."""
    with asked.problem() as problem:
        (request,) = requests(problem)
        first, second = problem.evaluator.submit_batch([request, request])
        answers = [asked.answer(first), asked.answer(second)]
        answers.append(asked.answer(problem.evaluator.submit(request)))
        same = all(answer == answers[0] for answer in answers)  # their seconds too
        expect(same, asked.method("submit"), "one training for three requests", answers)


def a_child_that_fails_is_a_status(asked: Asked) -> None:
    """A failure is an evaluation with one line of text, and the next child is trained."""
    with asked.problem() as problem:
        (faulty,) = requests(problem, fault="error")
        failed = asked.answer(problem.evaluator.submit(faulty))
        where = asked.method("_train")
        expect(failed.status == "failed", where, "the status failed", f"{failed}")
        one_line = failed.error and "\n" not in failed.error
        expect(one_line, where, "an error of one line", repr(failed.error))
        (good,) = requests(problem)
        answer = asked.answer(problem.evaluator.submit(good))
        expect(answer.status == "ok", where, "a child that is ok after one that failed", answer)


def a_child_that_is_too_large_is_not_trained(asked: Asked) -> None:
    """The limits of a request hold, and a later request with others is trained."""
    with asked.problem() as problem:
        (request,) = requests(problem)
        limited = replace(request, limits={"max_parameters": 1})
        answer = asked.answer(problem.evaluator.submit(limited))
        where = asked.method("_train")
        expect(answer.status == "too_large", where, "too_large", answer.status)
        answer = asked.answer(problem.evaluator.submit(request))
        expect(answer.status == "ok", where, "ok under larger limits", answer.status)


def a_child_of_another_process_is_awaited(asked: Asked) -> None:
    """A request for a child that another process trains does not wait, and has its answer."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store"
        with closing(open_store(file)) as other, asked.problem(open_store(file)) as problem:
            (request,) = requests(problem)
            other.claim(request.key)
            future = problem.evaluator.submit(request)
            expect(not future.done(), asked.method("submit"), "a future that is not done yet")
            evaluation = evaluate(request, problem.device)
            other.put(request, evaluation)
            answer = asked.answer(future)
            expect(answer == evaluation, asked.method("submit"), f"{evaluation}", answer)


def a_store_that_fails_is_an_error(asked: Asked) -> None:
    """An evaluation that cannot be stored is not handed out: the future raises the error."""
    with asked.problem(FullDisk()) as problem:
        (request,) = requests(problem)
        future = problem.evaluator.submit(request)
        where = asked.method("submit")
        expect_refusal(lambda: asked.answer(future), StoreError, where, "a disk that is full")


def data_that_does_not_fit_is_refused(asked: Asked) -> None:
    """``prepare`` reads and checks the data of a task before any child is trained."""
    with asked.problem() as problem:
        bad = {**problem.task.request_spec, "first_label": 1}
        prepare = problem.evaluator.prepare
        prepare(problem.task.request_spec)
        where = asked.method("prepare")
        expect_refusal(lambda: prepare(bad), DataInvalid, where, "labels that do not fit")


def what_is_announced_does_no_harm(asked: Asked) -> None:
    """Children may be announced or not, and closed with or without an answer."""
    with asked.problem() as problem:
        one, two = requests(problem, 2)
        problem.evaluator.announce([one, two])
        answer = asked.answer(problem.evaluator.submit(one))
        expect(answer.status == "ok", asked.method("announce"), "ok", answer)
        capacity = problem.evaluator.capacity
        whole = type(capacity) is int and capacity >= 1
        expect(whole, asked.method("capacity"), "1 child at a time or more", capacity)
        rehearsals = problem.evaluator.rehearse(two, 2)
        known = len(rehearsals) <= 2 and all(each.train > 0 for each in rehearsals)
        expect(known, asked.method("rehearse"), "a list of at most 2 rehearsals", rehearsals)
        problem.evaluator.close()  # and once more at the end of the block


class FullDisk(SQLiteStore):
    """A store to which nothing can be written."""

    def put(self, request: Request, evaluation: Evaluation) -> None:
        """Raise an error."""
        raise StoreError("the disk is full")

    def release(self, key: str) -> None:
        """Raise an error."""
        raise StoreError("the disk is full")


#: What every evaluator that trains keeps, one function for each part of the contract.
EVALUATOR_CHECKS = (
    it_answers_what_training_here_gives,
    an_answer_is_in_the_store_before_it_is_seen,
    no_child_is_trained_twice,
    a_child_that_fails_is_a_status,
    a_child_that_is_too_large_is_not_trained,
    a_child_of_another_process_is_awaited,
    a_store_that_fails_is_an_error,
    data_that_does_not_fit_is_refused,
    what_is_announced_does_no_harm,
)


def check_evaluator(evaluator: str | Mapping[str, Any], device: str = "cpu") -> None:
    """Check that an evaluator, which trains children, keeps its contract.

    A few children are trained on some images of noise, each in milliseconds.

    Args:
        evaluator: Name of the evaluator (``"package.module:NAME"``), or name and settings.
        device: Device of the children.

    Raises:
        ContractBroken: If it does not; the message says what was expected of which method.

    Example:
        >>> check_evaluator("in_process")
    """
    run_checks(EVALUATOR_CHECKS, Asked(evaluator, device))
