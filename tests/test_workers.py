"""Children in worker processes: the same numbers as in process, and no fault ends a search."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from _small import TINY

from nas_env.errors import DataNotFound, InvalidValue, UnknownName
from nas_env.evaluation import _machine
from nas_env.evaluation._room import Room, predicted_memory
from nas_env.evaluation.workers import WorkerSettings, WorkersEvaluator
from nas_env.problem import Problem
from nas_env.store import Store
from train_agent import main

LIMIT = 8.0  # seconds of a child that hangs; before it does, it is built, on a busy machine too
LATE = 2.0  # seconds after the limit by which its evaluation must be there
TESTS = Path(__file__).parent
SPACE = {"layers": 2, "filter_sizes": [1, 3], "filters": [2, 3, 4]}


def problem(fault="", workers=1, note="", **settings):
    return Problem(
        {"name": "faulty:FaultyDigits", "train_size": 64, "validation_size": 32},
        "convolutional",
        recipe={"fault": fault, "note": str(note)},
        device="cpu",
        evaluator={"name": "workers", "workers": workers, **settings},
        **SPACE,
    )


def tokens(problem, number):
    return [number % 2] * problem.space.length()


def evaluated(problem, *numbers):
    return [evaluation for _, evaluation in problem.evaluate([tokens(problem, n) for n in numbers])]


def running(pid):
    """Whether a process lives; one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


@pytest.fixture
def closing():
    made = []
    yield lambda *args, **kwargs: made.append(problem(*args, **kwargs)) or made[-1]
    for each in made:
        each.close()


def summary_of(folder, workers):
    arguments = ["--run", str(folder), "--children", "6", "--workers", workers, "--quiet"]
    small = ["--space.layers", "1", "--task.train-size", "64", "--recipe.epochs", "1"]
    assert main([*arguments, *small, "--control", "random", "--device", "cpu"]) == 0
    return json.loads((folder / "summary.json").read_text())


def without_times(summary):
    times = ("seconds", "children_per_hour", "seconds_of_children")
    return {
        name: without_times(value) if isinstance(value, dict) else value
        for name, value in summary.items()
        if name not in times
    }


def test_the_summary_is_the_same_as_in_process(tmp_path):
    """Both searches and the episodes of both, number by number."""
    summaries = [summary_of(tmp_path / count, count) for count in ("0", "2")]
    assert without_times(summaries[0]) == without_times(summaries[1])
    episodes = [Store(tmp_path / count / "results.sqlite").all_episodes() for count in ("0", "2")]
    rewards = [sorted(e["reward"] for e in found) for found in episodes]
    assert rewards[0] == rewards[1] and len(rewards[0]) == 12


@pytest.mark.parametrize("fault", ["sleep", "hold"])
def test_a_child_that_hangs_is_stopped_in_time(closing, fault, tmp_path):
    hanging = closing(fault, note=tmp_path / "note", time_limit=LIMIT)
    sound = problem().request(hanging.space.decode(tokens(hanging, 0)))
    hanging.evaluator.submit(sound).result(timeout=60)  # the worker has started
    begun = time.monotonic()
    (evaluation,) = evaluated(hanging, 0)
    assert LIMIT <= time.monotonic() - begun < LIMIT + LATE
    assert (evaluation.status, evaluation.error) == ("timed_out", "not done within 8 seconds")
    assert evaluation.reward == hanging.task.failure_reward
    assert until(lambda: not running((tmp_path / "note").read_text()))
    other = problem().request(hanging.space.decode(tokens(hanging, 1)))
    assert hanging.evaluator.submit(other).result(timeout=60).status == "ok"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("segfault", "the worker was killed by SIGSEGV"),
        ("exit", "the worker exited with status 7"),
    ],
)
def test_a_worker_that_dies_is_replaced(closing, fault, error):
    dying = closing(fault, workers=2)
    for evaluation in evaluated(dying, 0, 1):
        assert (evaluation.status, evaluation.error) == ("died", error)
    other = problem().request(dying.space.decode(tokens(dying, 1)))
    assert dying.evaluator.submit(other).result(timeout=60).status == "ok"


def test_a_child_that_eats_memory_is_stopped(closing):
    eating = closing("eat", memory_limit=2)
    (evaluation,) = evaluated(eating, 0)
    assert evaluation.status == "out_of_memory"
    other = problem().request(eating.space.decode(tokens(eating, 1)))
    assert eating.evaluator.submit(other).result(timeout=60).status == "ok"


def test_a_worker_that_is_killed_from_outside_is_replaced(closing, tmp_path):
    """As by a machine that runs out of memory; idle ones too."""
    killed = closing(note=tmp_path / "note")
    assert evaluated(killed, 0)[0].status == "ok"
    os.kill(int((tmp_path / "note").read_text()), signal.SIGKILL)
    assert evaluated(killed, 1)[0].status in ("ok", "died")  # it may be noticed by the next child
    third = problem(note="").request(killed.space.decode(tokens(killed, 1)))
    assert killed.evaluator.submit(third).result(timeout=60).status == "ok"


def test_what_is_announced_is_trained_before_it_is_asked_for(closing):
    here = closing()
    keys = [here.request(here.space.decode(tokens(here, number))).key for number in range(2)]
    here.announce([tokens(here, number) for number in range(2)])
    here.announce([tokens(here, 1)])  # it is on its way
    assert until(lambda: all(here.store.get(key) for key in keys))
    seconds = [here.store.get(key).seconds for key in keys]
    assert [evaluation.seconds for evaluation in evaluated(here, 0, 1)] == seconds


def test_what_another_process_trains_is_not_waited_for_when_it_is_announced(closing, tmp_path):
    here = closing()
    request = here.request(here.space.decode(tokens(here, 0)))
    here.evaluator.store = SimpleNamespace(get=lambda key: None, claim=lambda key: "taken")
    here.announce([tokens(here, 0)])
    assert request.key not in here.evaluator._running


def test_nothing_is_announced_to_a_process_that_would_have_to_wait():
    here = Problem("digits", "convolutional", **SPACE)
    here.announce([tokens(here, 0)])
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


def test_closing_stops_what_runs_and_keeps_no_evaluation_of_it(tmp_path):
    closed = problem("hold", note=tmp_path / "note")
    futures = closed.evaluator.submit_batch(
        [closed.request(closed.space.decode(tokens(closed, n))) for n in (0, 1)]
    )
    assert until(lambda: (tmp_path / "note").exists(), 60)
    closed.evaluator.close()
    assert all(future.done() for future in futures)
    assert closed.store.evaluations() == []
    assert until(lambda: not running((tmp_path / "note").read_text()))


SCRIPT = """
import sys
from test_workers import evaluated, problem
print([e.status for e in evaluated(problem(sys.argv[1], note=sys.argv[2], workers=2), 0, 1)])
"""


def script(*arguments, path=None):
    """A program without a guard: a file, or what is typed into an interpreter as in a notebook."""
    name = str(path) if path else "-"
    process = subprocess.Popen(
        [sys.executable, name, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        cwd=TESTS.parent,
        text=True,
    )
    process.stdin.write("" if path else SCRIPT)
    process.stdin.close()
    return process


@pytest.mark.parametrize("typed", [True, False])
def test_no_main_guard_is_needed(typed, tmp_path):
    path = None if typed else tmp_path / "script.py"
    if path:
        path.write_text(SCRIPT)
    with script("", "", path=path) as process:
        assert process.stdout.read() == "['ok', 'ok']\n"
    assert process.returncode == 0


def test_no_worker_outlives_its_caller(tmp_path):
    """A child that lets no Python thread run, and a caller killed without a word."""
    with script("hold", tmp_path / "note") as process:
        assert until(lambda: (tmp_path / "note").exists(), 60)
        worker = (tmp_path / "note").read_text()
        assert running(worker)
        process.kill()
    assert until(lambda: not running(worker))


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
        problem(workers=0)
    with pytest.raises(UnknownName, match="did you mean 'time_limit'"):
        problem(timelimit=3)


def test_auto_counts_cores_or_gpus():
    assert WorkerSettings().count(gpus=0) == _machine.cores() >= 1
    assert WorkerSettings(children_per_gpu=3).count(gpus=2) == 6
    assert WorkerSettings(workers=5).count(gpus=2) == 5


def test_what_the_machine_has(monkeypatch, tmp_path):
    whole = _machine.memory()
    assert whole > 2**28
    monkeypatch.setattr(_machine, "GROUP_LIMIT", tmp_path / "limit")
    (tmp_path / "limit").write_text("1000\n")
    assert _machine.memory() == 1000
    (tmp_path / "limit").write_text("max\n")
    assert _machine.memory() >= whole


class Crowded(WorkersEvaluator):
    """Children that say when they are trained, on a device that has room for some."""

    def __init__(self, capacity, statuses):
        super().__init__(torch.device("cpu"), Store(), WorkerSettings(workers=4))
        self.rooms = {"cpu": Room(capacity)}
        self.statuses, self.free = statuses, []

    def _evaluate(self, slot, device, request):
        self.free.append(self.rooms["cpu"].free)
        time.sleep(0.02)
        return self.statuses.pop(0)


def test_a_child_without_room_waits_and_one_that_ran_out_is_retried_alone(closing):
    some = closing()
    requests = [some.request(some.space.decode([n] * 6 + [0])) for n in (0, 1)]
    needs = [predicted_memory(request) for request in requests]
    out, ok = (some.evaluate([tokens(some, 0)])[0][1] for _ in range(2))
    out = type(ok)("out_of_memory", 0.0)
    crowded = Crowded(max(needs) + min(needs) // 2, [out, ok, ok])
    assert [f.result(timeout=9).status for f in crowded.submit_batch(requests)] == ["ok", "ok"]
    assert len(crowded.free) == 3
    assert 0 in crowded.free  # once with all of it
    assert all(free <= crowded.rooms["cpu"].capacity - min(needs) for free in crowded.free)
    assert crowded.rooms["cpu"].free == crowded.rooms["cpu"].capacity
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
