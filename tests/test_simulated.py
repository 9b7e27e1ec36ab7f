"""A search on a simulated cluster: the same search, the same after any kill, by its own clock."""

import json
import random
from itertools import pairwise

import numpy as np
import pytest
import torch

from agents import make_agent, make_environment
from benchmarks._results import FOLDER
from nas_env.evaluation import evaluator_names
from nas_env.evaluation._cluster import Cluster, Failures
from nas_env.evaluation._times import MEASURED, drawn
from nas_env.problem import Problem
from nas_env.run.folder import Run
from nas_env.run.store import open_store
from nas_env.search import loop
from nas_env.search.loop import Search
from nas_env.search.summary import seconds_to
from tests._killing import killed_at
from train_agent import main

TABLE = "nas_env:NAS-Bench-Digits-v0"
FAILING = {"hours_between_failures": 5 / 3600, "repair_seconds": 1.0, "workers_per_node": 2}


def search(folder, spec="evolution", children=40, env=TABLE, order="finished", **settings):
    """Search on a simulated cluster; return the search and its figures."""
    folder.mkdir(exist_ok=True)
    run, store = Run(folder), open_store(folder / "results.sqlite", "a run")
    simulated = {"name": "simulated", **settings} if settings else "table"
    environment = make_environment(spec, env, evaluator=simulated, store=store)
    try:
        agent = make_agent(spec, environment, 0)
        problem = environment.unwrapped.problem
        found = Search(agent, problem, run, children=children, order=order)
        return found, found.play()
    finally:
        environment.close()
        run.close()


def played(records):
    return [(record["tokens"], record["reward"]) for record in records]


# -- the cluster ---------------------------------------------------------------------------------
def finished(cluster, seconds):
    """Let children go through a cluster; return the number and the time of each, as they end."""
    for child, each in enumerate(seconds):
        cluster.submit(child, each)
    ended = []
    while (child := cluster.next()) is not None:
        ended.append((child, cluster.now))
    return ended


@pytest.mark.parametrize("mean", [np.inf, 20.0, 3.0])
def test_every_child_ends_once_however_often_nodes_fail(mean):
    seconds = np.random.default_rng(0).exponential(2.0, size=200).tolist()
    cluster = Cluster(10, 4, Failures(mean, repair=2.0))
    ended = finished(cluster, seconds)
    assert sorted(child for child, _ in ended) == list(range(200))
    assert all(before <= after for (_, before), (_, after) in pairwise(ended))
    assert cluster.busy() - cluster.lost == pytest.approx(sum(seconds))
    assert cluster.busy() <= 10 * cluster.now
    assert (cluster.failed > 0) == (cluster.lost > 0) == (mean < np.inf)
    assert ended == finished(Cluster(10, 4, Failures(mean, repair=2.0)), seconds)


def test_one_worker_takes_one_child_after_the_other():
    assert finished(Cluster(1), [3.0, 1.0, 2.0]) == [(0, 3.0), (1, 4.0), (2, 6.0)]


def test_workers_go_on_while_nobody_looks():
    cluster = Cluster(1)
    cluster.submit(0, 1.0)
    cluster.submit(1, 1.0)
    cluster.spend(5.0)
    assert (cluster.next(), cluster.now) == (0, 5.0)
    cluster.submit(2, 1.0)
    assert (cluster.next(), cluster.now, cluster.next(), cluster.now) == (1, 5.0, 2, 6.0)


def test_a_child_begins_anew_where_its_node_failed():
    cluster = Cluster(2, 1, Failures(10.0, repair=100.0, seed=1))
    first = min(next(Failures(10.0, seed=1).spells(node)) for node in (0, 1))
    cluster.submit(0, 6.0)
    while cluster.failed == 0 and cluster.next() is not None:
        cluster.submit(0, 6.0)
    assert cluster.lost <= first


def test_ten_thousand_workers():
    seconds = np.random.default_rng(0).exponential(size=30_000).tolist()
    cluster = Cluster(10_000, 8, Failures(50.0, repair=1.0))
    assert len(finished(cluster, seconds)) == 30_000


# -- the search ----------------------------------------------------------------------------------
def test_the_search_is_that_of_the_table(tmp_path):
    """In the order of submission no simulated time matters, nor a node that fails."""
    spec = {"name": "reinforce", "batch_size": 4}
    plain, _ = search(tmp_path / "table", spec, order="submitted")
    cluster, figures = search(tmp_path / "few", spec, order="submitted", workers=3, **FAILING)
    assert played(plain.records) == played(cluster.records)
    assert figures["simulated"]["node_failures"] > 0
    assert figures["utilisation"] == pytest.approx(cluster.usage.utilisation, abs=1e-4)


@pytest.mark.parametrize("order", ["submitted", "finished"])
def test_killed_at_any_step_it_comes_to_the_same_moment(tmp_path, monkeypatch, order):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 0.0)
    torch.set_num_threads(1)
    settings = {"workers": 6, "times": "layers_6", "driver_seconds": 1.0, "startup_seconds": 60.0}
    settings["hours_between_failures"] = 2.0
    whole, figures = search(tmp_path / "whole", "reinforce", order=order, **settings)
    steps = random.Random(0)
    for _ in range(4):
        killed_at(
            steps.randint(10, 80),
            lambda: search(tmp_path / "killed", "reinforce", order=order, **settings) and None,
        )
    killed, again = search(tmp_path / "killed", "reinforce", order=order, **settings)
    assert killed.records == whole.records
    assert (again["simulated"], again["staleness"]) == (figures["simulated"], figures["staleness"])
    assert again["utilisation"] == figures["utilisation"]


def test_children_arrive_in_the_order_of_the_clock(tmp_path):
    found, figures = search(tmp_path, workers=8, times="layers_6", mean_seconds=100.0)
    times = [record["at"] for record in found.records]
    assert times == sorted(times) and times[0] > 0
    proposals = [record["proposal"] for record in found.records]
    assert proposals != sorted(proposals)
    assert figures["simulated"]["seconds"] == times[-1]
    assert figures["simulated"]["children_per_hour"] == pytest.approx(
        3600 * 40 / times[-1], rel=0.01
    )
    best = found.best
    assert seconds_to(found.records, best["reward"]) == best["at"]
    assert figures["simulated"]["seconds_to_share_of_best"]["1"] == best["at"]


def test_no_worker_waits_for_another(tmp_path):
    """As they finish, more children are done in an hour than where each batch is awaited."""
    agent = {"name": "reinforce_tabular", "batch_size": 8}
    settings = {"env": "nas_env:NK-24-4-v0", "children": 160, "times": "layers_6", "workers": 8}
    rates = {
        order: search(tmp_path / order, agent, order=order, **settings)[1]
        for order in ("submitted", "finished")
    }
    ratio = [rates[o]["simulated"]["children_per_hour"] for o in ("finished", "submitted")]
    assert ratio[0] / ratio[1] > 1.4
    assert rates["finished"]["utilisation"] > 0.9 > 0.7 > rates["submitted"]["utilisation"]
    assert rates["submitted"]["staleness"] is None
    assert 0 < rates["finished"]["staleness"]["mean"] < 2


def test_node_failures_cost_time_and_change_no_reward(tmp_path):
    settings = {"times": "digits", "workers": 8, "mean_seconds": 60.0}
    _, whole = search(tmp_path / "whole", **settings)
    failing = {"hours_between_failures": 0.02, "workers_per_node": 1, "repair_seconds": 30.0}
    found, figures = search(tmp_path / "failing", **settings, **failing)
    assert figures["simulated"]["seconds_lost"] > 0 == whole["simulated"]["seconds_lost"]
    assert figures["simulated"]["seconds"] > whole["simulated"]["seconds"]
    table = found.problem.answers
    for record in found.records:
        assert table.evaluations([record["tokens"]])[0].metrics == record["metrics"]


def test_slow_drivers_and_workers_cost_time(tmp_path):
    settings = {"times": "digits", "workers": 4, "mean_seconds": 60.0, "children": 20}
    _, plain = search(tmp_path / "plain", **settings)
    _, driver = search(tmp_path / "driver", driver_seconds=30.0, **settings)
    _, startup = search(tmp_path / "startup", startup_seconds=30.0, **settings)
    assert driver["simulated"]["seconds"] >= 20 * 30.0 > plain["simulated"]["seconds"]
    assert startup["simulated"]["seconds"] > plain["simulated"]["seconds"]


# -- the evaluator -------------------------------------------------------------------------------
@pytest.fixture
def problem():
    made = Problem("nas_bench_digits", evaluator={"name": "simulated", "workers": 2})
    yield made
    made.close()


def sequences(problem, count):
    return problem.space.sample_batch(np.random.default_rng(0), count).tolist()


def test_a_child_that_is_known_is_answered_at_once(problem):
    one, two = sequences(problem, 2)
    first = problem.submit([one, two, one])
    assert not any(ticket.done for ticket in first)
    assert len({id(ticket.future) for ticket in first}) == 2
    answer, now = first[0].evaluation, problem.evaluator.simulation().seconds
    assert now > 0 and problem.submit([one])[0].done
    assert problem.submit([one])[0].evaluation == answer
    assert problem.evaluator.simulation().seconds == now
    assert problem.store.evaluations() == []


def test_without_a_store_a_child_takes_its_time_again():
    made = Problem("nas_bench_digits", evaluator={"name": "simulated", "store": False})
    (one,) = sequences(made, 1)
    first, second = made.submit([one, one])
    assert first.evaluation == second.evaluation
    now = made.evaluator.simulation().seconds
    (third,) = made.submit([one])
    assert not third.done and third.evaluation == first.evaluation
    assert made.evaluator.simulation().seconds == 2 * now > 0
    made.close()


def test_no_time_passes_where_nobody_waits(problem):
    problem.submit(sequences(problem, 3))
    assert problem.completed(timeout=0) == []
    assert problem.evaluator.simulation().seconds == 0
    (ticket,) = problem.completed()
    assert problem.evaluator.simulation().seconds == sum(ticket.evaluation.seconds.values())


def test_the_longest_of_a_batch_begins_first(problem):
    tokens = sequences(problem, 12)
    seconds = problem.answers.seconds(tokens)
    problem.evaluate(tokens)
    begun = [sum(found.seconds.values()) for _, found, _ in problem.evaluator._children]
    assert begun == sorted(seconds.tolist(), reverse=True)


def test_the_time_of_a_child_is_its_own():
    """It depends neither on the cluster nor on what was asked for before, but on the seed."""
    found = []
    for seed, workers in ((0, 1), (0, 5), (1, 1)):
        evaluator = {"name": "simulated", "workers": workers, "times": "layers_6"}
        made = Problem("nas_bench_digits", evaluator=evaluator, evaluation_seed=seed)
        tokens = sequences(made, 6)[:: 1 if workers == 1 else -1]
        answers = zip(tokens, made.evaluate(tokens), strict=True)
        found.append({str(each): child.seconds["train"] for each, (_, child) in answers})
        made.close()
    assert found[0] == found[1] and found[0] != found[2]


def test_the_times_are_those_that_were_measured():
    figures = json.loads((FOLDER / "child_times.json").read_text())["figures"]
    assert {n: list(q) for n, q in MEASURED.items()} == {
        name: figures[name]["quantiles over the mean"] for name in figures
    }


@pytest.mark.parametrize("name", MEASURED)
def test_drawn_times_have_the_mean_that_is_asked_for(name):
    chances = np.linspace(0, 1, 10_001)
    assert np.mean([drawn(name, chance) for chance in chances]) == pytest.approx(1, abs=0.03)


def test_it_is_a_member_and_says_what_it_cannot_do(tmp_path, capsys):
    assert "simulated" in evaluator_names()
    run = ["--run", str(tmp_path / "run"), "--quiet", "--evaluator", "simulated"]
    assert main([*run, "--env", "NK-24-4-v0"]) == 2
    line = "evaluator.times is 'function', but NK-24-4 has no seconds: expected 'digits', "
    assert line in capsys.readouterr().err
    assert main([*run, "--env", "NAS-Digits-v0"]) == 2
    assert "evaluator is" in capsys.readouterr().err
    assert main([*run, "--env", "NK-24-4-v0", "--evaluator.times", "layers"]) == 2
    assert "layers_6" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_the_command_line_keeps_the_figures(tmp_path):
    run = ["--run", str(tmp_path / "run"), "--quiet", "--env", "NAS-Bench-Digits-v0"]
    run += ["--agent", "evolution", "--children", "30", "--order", "finished"]
    settings = ["--evaluator", "simulated", "--evaluator.workers", "800"]
    assert main([*run, *settings]) == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["simulated"]["seconds"] > 0 and 0 < summary["utilisation"] < 1


def test_a_run_keeps_its_clock(tmp_path, capsys):
    run = ["--run", str(tmp_path / "run"), "--quiet"]
    begun = ["--env", "NAS-Bench-Digits-v0", "--agent", "evolution", "--children", "8"]
    assert main([*run, *begun, "--evaluator", "simulated"]) == 0
    assert main([*run, "--resume", "--children", "12"]) == 0
    assert main([*run, "--resume", "--evaluator.workers", "9"]) == 2
    assert "--evaluator.workers is 9, the run has 8" in capsys.readouterr().err
    assert main([*run, "--resume", "--evaluator", "table"]) == 2
    assert "--evaluator is not simulated, the run has simulated" in capsys.readouterr().err
