"""Row 9: a child ends its process, or raises an exception: its status, and its last words."""

import os
import select
import signal

import pytest
from _children import child, pids, until

from nas_env.evaluation._last_words import MOST, LastWords


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("segfault", "the worker was killed by SIGSEGV"),
        ("exit", "the worker exited with status 7"),
    ],
)
def test_a_worker_that_dies_is_replaced(workers, fault, error):
    evaluator = workers(2)
    for future in evaluator.submit_batch([child(0, fault), child(1, fault)]):
        assert (future.result().status, future.result().error) == ("died", error)
    assert evaluator.submit(child()).result().status == "ok"


def test_a_worker_that_is_killed_from_outside_is_replaced(workers, tmp_path):
    """As by a machine that runs out of memory; idle ones too."""
    note = tmp_path / "note"
    evaluator = workers()
    assert evaluator.submit(child(note=note)).result().status == "ok"
    os.kill(*pids(note), signal.SIGKILL)
    assert evaluator.submit(child(1, note=note)).result().status == "ok"


def test_a_child_whose_worker_is_killed_from_outside_is_tried_once_more(workers, tmp_path):
    note = tmp_path / "note"
    evaluator = workers()
    future = evaluator.submit(child(0, "wait", note))
    for number in (1, 2):
        until(lambda number=number: len(pids(note)) == number)
        os.kill(pids(note)[-1], signal.SIGKILL)
    assert future.result().error == "the worker was killed by SIGKILL"
    again = evaluator.submit(child(1, "wait", note))
    until(lambda: len(pids(note)) == 3)
    os.kill(pids(note)[-1], signal.SIGKILL)
    until(lambda: len(pids(note)) == 4)
    (tmp_path / "note go").touch()
    assert again.result().status == "ok"


def test_the_last_words_of_a_child_are_kept_with_its_evaluation(workers):
    evaluator = workers()
    first, second = child(0, "say"), child(1, "say")
    for request in (first, second):
        assert evaluator.submit(request).result().output.splitlines() == [
            "spoken by Python",
            "spoken by a program",
        ]
    assert evaluator.store.get(first.key).output.startswith("spoken")


def test_what_a_child_says_is_passed_on_and_never_waited_for():
    """Where there is more of it than a pipe holds, to a reader and to nobody."""
    for reader in (True, False):
        words, (reading, writing) = LastWords(), os.pipe()
        if (speaker := os.fork()) == 0:
            words.become_output()
            os.system("seq 100000")
            os._exit(0)
        words.only_read()
        listener, heard = os.dup(2), b""
        os.dup2(writing, 2)
        try:
            while not words.over:
                select.select([words], [], [])
                words.read()
                if reader and not words.over:
                    heard += os.read(reading, 2**16)
        finally:
            os.dup2(listener, 2)
            os.waitpid(speaker, 0)
            for end in (reading, writing, listener):
                os.close(end)
        assert words.text().endswith("100000") and len(words.text()) <= MOST
        assert heard.count(b"\n") == (100_000 if reader else 0)
        words.close()


def test_a_crash_says_where(workers):
    """Its place comes first in the trace, of which the rest may be cut off."""
    words = workers().submit(child(0, "segfault")).result().output
    assert "Segmentation fault" in words and "in string_at" in words and "faulty.py" in words
    assert len(words) <= MOST


def test_an_exception_leaves_its_traceback(workers):
    evaluator = workers()
    found = evaluator.submit(child(0, "raise")).result()
    assert (found.status, found.error) == ("failed", "ValueError: what went wrong")
    assert 'raise ValueError("what went wrong")' in found.output and len(found.output) <= MOST
    assert evaluator.submit(child(1)).result().output == ""


def test_what_a_child_wrote_is_not_the_words_of_the_next(workers, tmp_path):
    """Two children of one process."""
    evaluator = workers()
    assert evaluator.submit(child(0, "chat")).result().status == "ok"
    assert evaluator.submit(child(1, "exit")).result().output == ""
