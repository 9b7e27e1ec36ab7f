"""Row 8: a child hangs in whatever way, and is gone with all that it has started."""

import os
import signal
import time

import pytest
from _children import child, pids, running, until

from nas_env.evaluation import _worker
from nas_env.evaluation.workers import WorkerSettings

LIMIT = 0.5  # seconds


@pytest.mark.parametrize("fault", ["sleep", "hold"])
def test_a_child_that_hangs_is_stopped(workers, fault, tmp_path, within):
    """It hangs in the process of a sound child before it, which is gone then."""
    note = tmp_path / "note"
    evaluator = workers()
    assert evaluator.submit(child(note=note)).result().status == "ok"
    evaluator.settings = WorkerSettings(1, time_limit=LIMIT)
    began = time.monotonic()
    evaluation = evaluator.submit(child(fault=fault)).result()
    within(time.monotonic() - began, LIMIT + 2, f"a child that hangs ({fault}) was killed")
    assert (evaluation.status, evaluation.error) == ("timed_out", "not done within 0.5 seconds")
    assert evaluation.metrics == {}
    until(lambda: not running(pids(note)[0]))
    evaluator.settings = WorkerSettings(1)
    assert evaluator.submit(child(1)).result().status == "ok"


@pytest.mark.parametrize("killer", ["the limit", "somebody", "the end of the search"])
def test_what_a_child_has_started_ends_with_it(workers, killer, tmp_path):
    """A data loader whose process hangs: it looks at its parent only between two batches."""
    note = tmp_path / "note"
    evaluator = workers(time_limit=6 if killer == "the limit" else None)
    future = evaluator.submit(child(fault="loader", note=note))
    until(lambda: len(pids(note)) == 2 or future.done())
    worker, loader = pids(note)
    if killer == "the limit":
        assert future.result().status == "timed_out"
    elif killer == "somebody":
        os.kill(worker, signal.SIGKILL)
    else:
        evaluator.close()
    until(lambda: not running(worker) and not running(loader))
    evaluator.close()  # the child is on its way again, where somebody has killed it


def test_data_whose_reading_hangs_is_given_up(workers, tmp_path, monkeypatch):
    """The time of a child begins later; the reading has a limit of its own."""
    monkeypatch.setattr(_worker, "READING", LIMIT)
    note = tmp_path / "note"
    evaluator = workers(time_limit=60)
    found = evaluator.submit(child(task="StuckImages", read=note)).result()
    assert found.status == "timed_out"
    assert found.error == "its data was not read within 0.5 seconds"
    until(lambda: not running(pids(note)[0]))
    monkeypatch.undo()
    assert evaluator.submit(child(1)).result().status == "ok"
