"""How busy the slots of an evaluator are: counted, shown, kept; and which child begins first."""

import json
import re
from concurrent.futures import Future

import pytest

from agents import make_agent, make_environment
from nas_env.evaluation import Evaluator
from nas_env.evaluation._job import Job
from nas_env.evaluation._tickets import answered
from nas_env.evaluation._usage import Usage
from nas_env.evaluation._work import Work
from nas_env.problem import Problem
from nas_env.records import Evaluation
from nas_env.run.folder import Run
from nas_env.run.store import open_store
from nas_env.search.loop import Search
from nas_env.testing._asked import TASK, requests
from nas_env.testing._noise import SPACE
from nas_env.tracking import Trackers
from train_agent import main


def test_the_seconds_of_children_are_counted_while_they_run():
    now = [100.0]
    work = Work(clock=lambda: now[0])
    with work.child():
        now[0] = 103.0
        with work.child():
            now[0] = 104.0
            assert work.busy() == 4.0 + 1.0
        now[0] = 110.0
    assert work.busy() == 10.0 + 1.0


def test_nothing_is_said_of_an_evaluator_that_trains_nothing():
    assert Usage(0.0, 100.0).utilisation is None and Usage().utilisation is None
    problem = Problem("nas_bench_digits")
    assert problem.evaluator.usage().utilisation is None
    problem.close()


def search(folder, children, evaluator):
    """Search as far as that many children; return the search."""
    folder.mkdir(exist_ok=True)
    run, store = Run(folder), open_store(folder / "results.sqlite", "a run")
    environment = make_environment(
        "reinforce", "nas_env:NAS-Digits-v0", evaluator=evaluator, store=store, device="cpu"
    )
    try:
        problem = environment.unwrapped.problem
        found = Search(make_agent("reinforce", environment, 0), problem, run, children=children)
        found.figures = found.play()
        return found
    finally:
        environment.close()
        run.close()


class Noted(Evaluator):
    """Trains nothing, and notes what it is asked for in which order."""

    background = True
    slots = 1

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.begun = []

    @property
    def capacity(self):
        return self.slots

    def _train(self, request):
        self.begun.append(request)
        with self.work.child():
            return answered(Evaluation("ok", {"validation_accuracy": 0.5}))

    def usage(self):
        return Usage(2.0 * len(self.begun), 4.0 * len(self.begun))


class Roomy(Noted):
    slots = 5


def test_the_legs_of_a_search_are_counted_together(tmp_path):
    evaluator = {"name": f"{__name__}:Noted"}
    first = search(tmp_path, 4, evaluator)
    assert first.usage == Usage(2.0 * 4, 4.0 * 4) or first.usage.utilisation == 0.5
    second = search(tmp_path, 8, evaluator)
    assert second.usage.slots > first.usage.slots
    assert second.figures["utilisation"] == 0.5


def noted(name, count):
    problem = Problem(TASK, SPACE, device="cpu", evaluator=f"{__name__}:{name}")
    wanted = requests(problem, count)
    futures = problem.evaluator.submit_batch(wanted)
    problem.close()
    return wanted, problem.evaluator.begun, futures


def test_the_costliest_child_of_a_batch_begins_first():
    wanted, begun, futures = noted("Noted", 4)
    costs = [Job(request).cost.flops for request in begun]
    assert costs == sorted(costs, reverse=True) and len(set(costs)) > 1
    assert sorted(map(id, begun)) == sorted(map(id, wanted)) and len(futures) == 4


class Slow(Noted):
    """Never finishes, and notes whose cost it is asked for."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.counted = []

    def _train(self, request):
        self.begun.append(request)
        return Future()

    def expected(self, request):
        self.counted.append(request)
        return super().expected(request)


def test_the_cost_of_a_child_on_its_way_is_not_counted_again():
    problem = Problem(TASK, SPACE, device="cpu", evaluator=f"{__name__}:Slow")
    wanted = requests(problem, 4)
    problem.evaluator.announce(wanted[:3])
    futures = problem.evaluator.submit_batch(wanted)
    assert len(problem.evaluator.counted) == 3 and len({*map(id, futures)}) == 4
    assert futures == problem.evaluator.submit_batch(wanted)
    assert len(problem.evaluator.begun) == 4 and len(problem.evaluator.counted) == 3
    problem.close()


def test_where_all_begin_at_once_they_begin_as_they_were_asked_for():
    wanted, begun, _ = noted("Roomy", 4)
    assert begun == wanted


def test_a_child_that_cannot_be_counted_begins_last():
    problem = Problem(TASK, SPACE, device="cpu", evaluator=f"{__name__}:Noted")
    (good,) = requests(problem)
    bad = type(good)(**{**vars(good), "architecture": {"space": "convolutional"}})
    assert problem.evaluator.expected(bad) == 0 < problem.evaluator.expected(good)
    problem.close()


def test_nothing_is_said_of_an_evaluator_that_reports_no_work(tmp_path):
    run = ["--run", str(tmp_path / "run"), "--quiet", "--children", "4"]
    run += ["--evaluator", "benchmarks._waiting:WaitingEvaluator", "--evaluator.workers", "2"]
    assert main(run) == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["utilisation"] is None
    assert summary["simulated"] is None and summary["staleness"] is None


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_search_keeps_shows_and_tracks_it(tmp_path, capsys, monkeypatch, workers):
    tracked = []
    monkeypatch.setattr(Trackers, "child", lambda self, number, values: tracked.append(values))
    short = ["--space.layers", "1", "--task.train-size", "64", "--recipe.epochs", "1"]
    run = ["--run", str(tmp_path / "run"), "--children", "3", "--workers", workers]
    assert main([*run, *short]) == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert 0 < summary["utilisation"] <= 1
    assert 0 < tracked[-1]["utilisation"] <= 1
    said = capsys.readouterr().out
    assert re.search(r"3/3 .* \d+% busy", said) and "workers busy" in said
