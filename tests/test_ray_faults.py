"""Faults on a Ray cluster: what is tried again, what is not, and what is kept of it."""

import json
import os
import re
import shutil
import signal
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from _children import child, pids, problem, running, tokens, until
from _cluster import add_node, processes, started

from nas_env.errors import InvalidValue
from nas_env.evaluation import evaluate, make_evaluator
from nas_env.evaluation._ray_cluster import Cluster, Share
from nas_env.records import Evaluation, Request
from nas_env.run.store import open_store

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def cluster():
    """A head on which no child is trained, and a node with room for two."""
    with started(0, 2, gpus=1) as made:
        yield made


@pytest.fixture
def evaluator(cluster):
    """Makes evaluators."""
    made = []

    def make(**settings):
        made.append(make_evaluator({"name": "ray", **settings}, CPU, open_store()))
        return made[-1]

    yield make
    for each in made:
        each.close()


def statuses(evaluation):
    return [attempt["status"] for attempt in evaluation.attempts]


def test_a_child_that_hangs_is_stopped_and_its_process_ends(evaluator, tmp_path):
    note = tmp_path / "note"
    found = evaluator(time_limit=0.5).submit(child(fault="hold", note=note)).result()
    assert (found.status, found.error) == ("timed_out", "not done within 0.5 seconds")
    assert statuses(found) == ["timed_out"]
    until(lambda: not running(pids(note)[0]))


@pytest.mark.parametrize(("alone", "expected"), [(False, 1), (True, 2)])
def test_a_child_that_is_out_of_memory_makes_the_configured_attempts(evaluator, alone, expected):
    made = evaluator(memory_limit=1, alone=alone)
    found = made.submit(child(fault="eat")).result()
    assert statuses(found) == ["out_of_memory"] * expected
    assert made.store.get(child(fault="eat").key) == found
    assert made.submit(child(1)).result().status == "ok"


def test_alone_means_all_cpus_of_the_largest_node(cluster):
    assert Cluster().whole_node(Share(1, 0)) == Share(2, 0)
    assert Cluster().whole_node(Share(1, 0.25)) == Share(1, 1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="about GPUs that are not there")
def test_children_share_a_gpu_and_hear_that_it_is_none(cluster):
    settings = {"name": "ray", "cpus_per_child": 0.5, "gpus_per_child": 0.5}
    made = make_evaluator(settings, torch.device("cuda"), open_store())
    assert made.capacity == 2
    requests = [replace(child(number), device="cuda") for number in (0, 1)]
    answers = [future.result() for future in made.submit_batch(requests)]
    made.close()
    assert [(answer.status, statuses(answer)) for answer in answers] == [("failed", ["failed"])] * 2
    assert all(re.search("NVIDIA|CUDA", answer.error) for answer in answers)


def test_a_child_whose_process_dies_is_not_tried_again(evaluator):
    """It is the child's own fault, which it would repeat."""
    found = evaluator().submit(child(fault="exit")).result()
    assert (found.status, found.error) == ("died", "the worker exited with status 7")
    assert statuses(found) == ["died"]


def test_a_process_of_rays_that_is_lost_again_and_again(evaluator, tmp_path):
    """The child's own process ends with it."""
    note = tmp_path / "note"
    future = evaluator(retries=1).submit(child(fault="hold", note=note))
    for number in (1, 2):
        until(lambda number=number: future.done() or len(pids(note)) == number)
        (busy,) = processes(b"ray::child")
        os.kill(busy, signal.SIGKILL)
        until(lambda number=number: not running(pids(note)[number - 1]))
    found = future.result()
    assert statuses(found) == ["lost", "lost"]
    assert found.status == "died" and found.error.endswith("tried 2 times")


def test_a_node_that_is_removed_costs_its_children_alone(cluster, evaluator, tmp_path):
    notes = [tmp_path / name for name in "abc"]
    third = add_node(cluster)
    made = evaluator()
    asked = [child(n, "wait", note) for n, note in enumerate(notes[:2])]
    asked.append(child(0, "wait", notes[2]))
    futures = [made.submit(each) for each in asked]
    until(lambda: all(pids(note) for note in notes) or any(f.done() for f in futures))
    cluster.remove_node(third, allow_graceful=False)
    until(lambda: any(not running(pids(note)[0]) for note in notes))
    for note in notes:
        Path(f"{note} go").touch()
    answers = [future.result() for future in futures]
    assert [answer.status for answer in answers] == ["ok"] * 3
    assert sorted(map(statuses, answers)) == [["lost", "ok"], ["ok"], ["ok"]]
    assert sorted(len(pids(note)) for note in notes) == [1, 1, 2]


def test_waiting_children_are_demand_and_closing_ends_them(cluster, evaluator, tmp_path):
    from ray.autoscaler.v2.sdk import get_cluster_status

    made = evaluator(workers=6)
    assert made.capacity == 6
    for number in range(2):
        for fault in ("hold", "sleep", "wait"):
            made.submit(child(number, fault, tmp_path / "note"))

    def wanted():
        demand = get_cluster_status(cluster.address).resource_demands.ray_task_actor_demand
        return sum(each.count for one in demand for each in one.bundles_by_count)

    until(lambda: wanted() >= 4 and len(pids(tmp_path / "note")) == 2)
    made.close()
    until(lambda: not any(map(running, pids(tmp_path / "note"))))


def test_a_node_tells_how_a_child_goes_on_in_lines_of_json(cluster):
    made, asked = Cluster(), child()
    order = json.dumps({"wanted": "evaluate", "request": asdict(asked)})
    messages = [json.loads(made.ray.get(each)) for each in made.run(order, Share(1, 0))]
    kinds = [next(iter(message)) for message in messages]
    assert (kinds[0], kinds[-1]) == ("begun", "answer") and set(kinds[1:-1]) == {"progress"}
    assert messages[1]["progress"] == [0, 1, {}]
    assert Evaluation(**messages[-1]["answer"]).curves == evaluate(asked, CPU).curves


def test_the_estimate_of_a_search_is_made_on_the_nodes(evaluator):
    asked = problem()
    request = asked.request(asked.space.decode(tokens(0)))
    found = evaluator().rehearse(request, 2)
    assert len(found) == 2 and all(each.train > 0 for each in found)


def test_a_package_that_a_node_lacks_is_named(evaluator, tmp_path, monkeypatch):
    """A second search sends it; its folder is gone by the time that the nodes look for it."""
    import ray

    home = tmp_path / "mine"
    home.mkdir()
    (home / "__init__.py").write_text("")
    shutil.copy(Path(__file__).parent / "faulty.py", home / "tasks.py")
    own = child().to_json().replace("faulty:FaultyImages", "mine.tasks:FaultyImages")
    request = Request(**json.loads(own))
    with pytest.raises(InvalidValue, match=r"cannot import 'mine.tasks'.*\(on node .*packages"):
        evaluator().submit(request).result()
    ray.shutdown()
    made = evaluator(packages=(str(home),))
    _ = made.cluster
    shutil.rmtree(home)
    assert made.submit(request).result().status in ("ok", "failed")
