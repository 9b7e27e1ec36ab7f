"""Row 6: a child runs out of memory, in torch, in Python or by the kernel; the search goes on."""

from contextlib import closing
from pathlib import Path

import pytest
from _children import CPU, SPACE, child, pids, tokens, wait_for

from nas_env import machine
from nas_env.evaluation import evaluate
from nas_env.problem import Problem


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """A file in which the kernel counts what it has killed for memory."""
    file = tmp_path / "memory.events"
    file.write_text("oom 0\noom_kill 0\n")
    monkeypatch.setattr(machine, "KILLS", (file,))
    monkeypatch.setenv("FAULTY_KILLS", str(file))
    return file


@pytest.mark.parametrize(
    ("fault", "status"),
    [("eat", "out_of_memory"), ("eat in Python", "out_of_memory"), ("spoil", "failed")],
)
def test_the_next_child_is_trained_as_in_a_fresh_process(workers, fault, status):
    """What a child did to its process, the next one of the same worker does not meet."""
    evaluator = workers(memory_limit=1)
    assert evaluator.submit(child(0, fault)).result().status == status
    evaluation = evaluator.submit(child(1)).result()
    assert (evaluation.status, evaluation.curves) == ("ok", evaluate(child(1), CPU).curves)


def test_a_worker_is_replaced_and_its_neighbour_is_left_alone(workers, tmp_path):
    note = tmp_path / "note"
    evaluator = workers(2, memory_limit=1)
    neighbour = evaluator.submit(child(0, "wait", note))
    wait_for(note, neighbour)
    assert evaluator.submit(child(0, "eat")).result().status == "out_of_memory"
    assert evaluator.submit(child(1)).result().status == "ok"
    assert not neighbour.done()
    Path(f"{note} go").touch()
    assert neighbour.result().status == "ok"
    assert len(pids(note)) == 1  # it was begun once


@pytest.mark.parametrize("fault, status", [("kernel", "out_of_memory"), ("killed", "died")])
def test_what_the_kernel_killed_for_memory_is_told_from_what_someone_killed(
    workers, counted, fault, status
):
    found = workers().submit(child(0, fault)).result()
    assert found.status == status and ("memory" in found.error) == (fault == "kernel")


def test_one_that_the_kernel_killed_is_tried_again_in_parts_of_its_batches(
    workers, counted, tmp_path
):
    """As often as its batches can be cut, each time in a process of its own."""
    note = tmp_path / "note"
    found = workers().submit(child(0, "kernel", note)).result()
    seen = pids(note)
    assert len(set(seen)) == len(seen) > 1 and found.pieces == 2 ** (len(seen) - 1)


def test_the_search_goes_on_with_the_failure_reward(times):
    """A wave of children that have no memory, before and after sound ones."""
    made = Problem(
        {"name": "faulty:FaultyImages", "train_size": 64, "validation_size": 32},
        "convolutional",
        recipe={"fault": "eat"},
        device="cpu",
        evaluator={"name": "workers", "workers": 1, "memory_limit": 1},
        **SPACE,
    )
    with closing(made):
        for number in range(times):
            ((_, found),) = made.evaluate([tokens(number % 2)])
            assert found.status == "out_of_memory"
            assert made.objective.reward(found) == made.objective.failure_reward
            assert made.store.get(made.request(made.space.decode(tokens(number % 2))).key)
