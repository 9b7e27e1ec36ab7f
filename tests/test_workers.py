"""Children in worker processes: the same numbers as in process, and no fault ends a search."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from _children import CPU, SPACE, child, pids, problem, running, tokens, until, wait_for
from _small import TINY

from nas_env import machine
from nas_env.command_line.train import main
from nas_env.errors import DataNotFound, InvalidValue, UnknownName
from nas_env.evaluation._memory import ran_out_of_memory
from nas_env.evaluation._room import Room, predicted_memory
from nas_env.evaluation.workers import WorkerSettings, WorkersEvaluator
from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.run.store import open_store


@pytest.fixture
def here():
    """A problem whose children are trained by a worker."""
    made = problem(evaluator={"name": "workers", "workers": 1})
    yield made
    made.close()


def summary_of(folder, workers):
    arguments = ["--run", str(folder), "--children", "6", "--workers", workers, "--quiet"]
    small = ["--space.layers", "1", "--task.train-size", "64", "--recipe.epochs", "1"]
    assert main([*arguments, *small, "--control", "random", "--device", "cpu"]) == 0
    return json.loads((folder / "summary.json").read_text())


def without_times(summary):
    times = ("seconds", "children_per_hour", "seconds_a_child", "seconds_of_children")
    times += ("utilisation",)
    return {
        name: without_times(value) if isinstance(value, dict) else value
        for name, value in summary.items()
        if name not in times
    }


def test_the_summary_is_the_same_as_in_process(tmp_path):
    """Both searches and the episodes of both, number by number."""
    summaries = [summary_of(tmp_path / count, count) for count in ("0", "2")]
    assert without_times(summaries[0]) == without_times(summaries[1])
    episodes = [
        open_store(tmp_path / count / "results.sqlite").all_episodes() for count in ("0", "2")
    ]
    rewards = [sorted(e["reward"] for e in found) for found in episodes]
    assert rewards[0] == rewards[1] and len(rewards[0]) == 12


def test_reading_the_data_is_not_the_time_of_a_child(workers, tmp_path):
    """A limit that is over at once does not begin before the data has been read."""
    late = workers(time_limit=1e-9).submit(child(fault="sleep", read=tmp_path / "read"))
    assert late.result().status == "timed_out"
    assert (tmp_path / "read").exists()


def test_what_is_announced_is_trained_before_it_is_asked_for(here):
    keys = [here.request(here.space.decode(tokens(number))).key for number in range(2)]
    here.announce([tokens(number) for number in range(2)])
    here.announce([tokens(1)])  # it is on its way
    until(lambda: all(here.store.get(key) for key in keys))
    seconds = [here.store.get(key).seconds for key in keys]
    answers = here.evaluate([tokens(number) for number in range(2)])
    assert [evaluation.seconds for _, evaluation in answers] == seconds


def test_what_another_process_trains_is_not_trained_when_it_is_announced(here):
    request = here.request(here.space.decode(tokens(0)))
    here.evaluator.store = SimpleNamespace(
        get=lambda key: None,
        claim=lambda key, again=False: "taken",
        stop_waiting=lambda: None,
    )
    here.announce([tokens(0)])
    assert not here.evaluator.submit(request).done()
    assert here.evaluator.work.begun == 0


def test_nothing_is_announced_to_a_process_that_would_have_to_wait():
    here = Problem("digits", "convolutional", **SPACE)
    here.announce([[0] * here.space.length()])
    assert not here.store.evaluations()


@pytest.mark.parametrize(
    "options, line",
    [
        (["--agent.ahead", "0"], "3 workers, 2 at work: more with --agent.batch-size or"),
        (["--agent.ahead", "1"], None),
        (
            ["--agent", "a2c", "--agent.batch-size", "1"],
            "3 workers, 1 at work: more with --agent.batch-size\n",
        ),
    ],
    ids=str,
)
def test_workers_that_will_have_nothing_to_do_are_mentioned(options, line, tmp_path, capsys):
    arguments = ["--run", str(tmp_path / "run"), "--children", "2", "--workers", "3"]
    small = ["--space.layers", "1", "--task.train-size", "64", "--recipe.epochs", "1"]
    assert main([*arguments, *small, *options]) == 0
    printed = capsys.readouterr().out
    assert (line in printed) if line else ("3 workers" not in printed)


def test_closing_stops_what_runs_and_keeps_no_evaluation_of_it(workers, tmp_path):
    note = tmp_path / "note"
    evaluator = workers()
    futures = evaluator.submit_batch([child(number, "hold", note) for number in (0, 1)])
    wait_for(note, *futures)
    evaluator.close()
    assert all(future.done() for future in futures)
    assert evaluator.store.evaluations() == []
    until(lambda: not running(pids(note)[0]))


TESTS = Path(__file__).parent
SCRIPT = """
import json
import sys

import torch

from nas_env.evaluation import make_evaluator
from nas_env.records import Request
from nas_env.run.store import open_store

evaluator = make_evaluator({"name": "workers", "workers": 2}, torch.device("cpu"), open_store())
for text in sys.argv[1:]:
    print(evaluator.submit(Request(**json.loads(text))).result().status, flush=True)
"""


def script(*children, path=None):
    """A program without a guard: a file, or what is typed into an interpreter as in a notebook."""
    process = subprocess.Popen(
        [sys.executable, path or "-", *(each.to_json() for each in children)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
        text=True,
    )
    process.stdin.write("" if path else SCRIPT)
    process.stdin.close()
    return process


def test_no_main_guard_is_needed(tmp_path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    with script(child(0), child(1), path=path) as process:
        assert process.stdout.read() == "ok\nok\n"
    assert process.returncode == 0


def test_no_worker_outlives_its_caller(tmp_path):
    """A child that lets no Python thread run, and a caller killed without a word."""
    note = tmp_path / "note"
    with script(child(0), child(1, "hold", note)) as process:
        try:
            assert process.stdout.readline() == "ok\n"
            until(lambda: pids(note))
            assert running(pids(note)[0])
        finally:
            process.kill()
    until(lambda: not running(pids(note)[0]))


def test_an_error_of_the_data_reaches_the_caller(monkeypatch, tmp_path):
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    words = Problem(
        "penn_treebank", "recurrent_cell", device="cpu", evaluator={"name": "workers"}, hidden=2
    )
    with pytest.raises(DataNotFound, match=r"ptb.train.txt"):
        words.evaluate([[0] * words.space.length()])
    words.close()


def test_bad_settings_are_one_line():
    with pytest.raises(InvalidValue, match="workers is 0, expected at least 1"):
        problem(evaluator={"name": "workers", "workers": 0})
    with pytest.raises(UnknownName, match="did you mean 'time_limit'"):
        problem(evaluator={"name": "workers", "timelimit": 3})


def test_auto_counts_cores_or_gpus():
    assert WorkerSettings().count(gpus=0) == machine.cores() >= 1
    assert WorkerSettings(children_per_gpu=3).count(gpus=2) == 6
    assert WorkerSettings(workers=5).count(gpus=2) == 5


def test_what_the_machine_has(monkeypatch, tmp_path):
    whole = machine.memory()
    assert whole > 2**28
    monkeypatch.setattr(machine, "GROUP_LIMIT", tmp_path / "limit")
    (tmp_path / "limit").write_text("1000\n")
    assert machine.memory() == 1000
    (tmp_path / "limit").write_text("max\n")
    assert machine.memory() >= whole


NO_LIMIT, AMPLE, USED_UP = resource.RLIM_INFINITY, 2**45, 2**20  # bytes a process may have


@pytest.mark.parametrize(
    ("error", "limit", "expected"),
    [
        (MemoryError(), NO_LIMIT, True),
        (torch.OutOfMemoryError("CUDA out of memory."), NO_LIMIT, True),
        (RuntimeError("CUDA error: out of memory"), NO_LIMIT, True),
        (RuntimeError("CUDNN_STATUS_ALLOC_FAILED"), NO_LIMIT, True),
        (RuntimeError("std::bad_alloc"), NO_LIMIT, True),
        (RuntimeError("could not create a primitive"), AMPLE, True),
        (RuntimeError("could not create a primitive"), NO_LIMIT, False),
        (RuntimeError("could not create a primitive descriptor for a"), AMPLE, False),
        (SystemError("error return without exception set"), USED_UP, True),
        (SystemError("error return without exception set"), AMPLE, False),
        (RuntimeError("CUDA error: device-side assert triggered"), NO_LIMIT, False),
    ],
    ids=str,
)
def test_what_is_out_of_memory(error, limit, expected):
    """Asked in a fork, which takes its limit with it."""
    if (process := os.fork()) == 0:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, NO_LIMIT))
        os._exit(ran_out_of_memory(error))
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == expected


def test_what_torch_says_is_understood():
    with pytest.raises(RuntimeError) as failure:
        torch.empty(2**58, dtype=torch.uint8)
    assert ran_out_of_memory(failure.value)


class Crowded(WorkersEvaluator):
    """Children that say when they are trained, on a device that has room for some."""

    def __init__(self, capacity, statuses):
        super().__init__(CPU, open_store(), WorkerSettings(workers=4))
        self.rooms = {"cpu": Room(capacity)}
        self.statuses, self.free, self.pieces = statuses, [], []

    def _evaluate(self, slot, device, request, report, pieces):
        self.free.append(self.rooms["cpu"].free)
        self.pieces.append(pieces)
        time.sleep(0.02)
        return self.statuses.pop(0)


def test_a_child_without_room_waits_and_one_that_ran_out_is_retried_alone():
    some = problem()
    requests = [some.request(some.space.decode([n] * 6 + [0])) for n in (0, 1)]
    needs = [predicted_memory(request) for request in requests]
    out, ok = Evaluation("out_of_memory"), Evaluation("ok")
    crowded = Crowded(max(needs) + min(needs) // 2, [out, ok, ok])
    assert [future.result().status for future in crowded.submit_batch(requests)] == ["ok", "ok"]
    assert len(crowded.free) == 3
    assert 0 in crowded.free  # once with all of it
    assert all(free <= crowded.rooms["cpu"].capacity - min(needs) for free in crowded.free)
    assert crowded.rooms["cpu"].free == crowded.rooms["cpu"].capacity
    crowded.close()


def test_a_batch_that_does_not_fit_the_whole_device_is_cut():
    """Beside others and then alone with a whole batch, before it is tried with two halves."""
    request, out = child(), Evaluation("out_of_memory")
    crowded = Crowded(2 * predicted_memory(request), [out, out, Evaluation("ok")])
    found = crowded.submit(request).result()
    assert (found.status, found.pieces, crowded.pieces) == ("ok", 2, [1, 1, 2])
    whole, _, half = [crowded.rooms["cpu"].capacity - free for free in crowded.free]
    assert (whole, half) == (predicted_memory(request), predicted_memory(request, 2))
    crowded.close()


def test_the_predicted_memory_is_of_the_right_size():
    """Against what training really holds on to, counted at the end of a forward pass."""
    some = Problem(**{**TINY, "task": "digits"}, space="convolutional")
    request = some.request(some.space.decode([1, 1, 2, 1, 1, 2, 1]))
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    child = some.space.build(some.space.decode([1, 1, 2, 1, 1, 2, 1]), (1, 8, 8), 10)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        child(torch.zeros(some.recipe.batch_size, 1, 8, 8))
    held = 2 * sum(kept.values())
    bytes_each = 2 if some.recipe.precision == "bfloat16" else 4
    assert held < predicted_memory(request) * 4 / bytes_each < 3 * held
