"""Children on a Ray cluster: the numbers of a search in process, and the contract of evaluators."""

import json
import sys
import tempfile
from contextlib import closing

import pytest
import torch
from _children import CPU, child
from _cluster import started

from nas_env.command_line.train import main
from nas_env.errors import DataNotFound, InvalidValue, NASError
from nas_env.evaluation import evaluate, make_evaluator
from nas_env.evaluation._ray_cluster import Cluster, Share
from nas_env.evaluation._ray_data import pack, unpack
from nas_env.evaluation.ray import RaySettings
from nas_env.problem import Problem
from nas_env.records import Request
from nas_env.run.store import open_store
from nas_env.search.summary import device_name
from nas_env.testing import EVALUATOR_CHECKS
from nas_env.testing._asked import Asked, timeless


@pytest.fixture(scope="module")
def cluster():
    with started(1, 1) as made:
        yield made


def searched(folder, *options):
    """The evaluations and the rewards that a small search has stored, by key and number."""
    arguments = ["--run", str(folder), "--children", "6", "--quiet", "--device", "cpu", *options]
    small = ["--space.layers", "1", "--task.train-size", "64", "--recipe.epochs", "1"]
    assert main([*arguments, *small]) == 0
    store = open_store(folder / "results.sqlite")
    found = {request.key: evaluation for request, evaluation in store.evaluations()}
    episodes = [episode["reward"] for episode in store.all_episodes()]
    store.close()
    return found, episodes


def test_a_search_stores_what_it_stores_in_process(cluster, tmp_path):
    here, rewards = searched(tmp_path / "here", "--workers", "0")
    there, same = searched(tmp_path / "there", "--evaluator", "ray")
    assert rewards == same
    assert {key: timeless(each) for key, each in here.items()} == {
        key: timeless(each) for key, each in there.items()
    }
    assert all([attempt["status"] for attempt in e.attempts] == ["ok"] for e in there.values())
    assert all(e.attempts[0]["node"] and e.attempts[0]["seconds"] > 0 for e in there.values())


@pytest.mark.parametrize("check", EVALUATOR_CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract_of_evaluators(cluster, check):
    check(Asked("ray"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="about a machine without a GPU")
def test_the_gpus_of_the_nodes_need_not_be_here():
    problem = Problem("digits", "convolutional", device="cuda", evaluator="ray")
    request = problem.request(problem.space.decode([0] * problem.space.length()))
    assert (request.device, problem.evaluator.share) == ("cuda", Share(1.0, 1.0))
    assert device_name(problem.device) == "cuda (of other machines)"
    problem.close()
    with pytest.raises(InvalidValue, match="this machine has 0 GPUs"):
        Problem("digits", "convolutional", device="cuda", evaluator="workers")
    with pytest.raises(InvalidValue, match="gpus_per_child is 0, expected more on device cuda"):
        evaluator = {"name": "ray", "gpus_per_child": 0}
        Problem("digits", "convolutional", device="cuda", evaluator=evaluator)


def test_a_cluster_without_room_for_a_child_is_one_line(cluster, capsys, tmp_path):
    words = ["--run", str(tmp_path / "run"), "--device", "cuda", "--evaluator", "ray", "--quiet"]
    assert main([*words, "--children", "2"]) == 2
    told = capsys.readouterr().err
    assert "no node of the cluster has 1 CPUs and 1 GPUs for a child" in told


def test_a_machine_without_ray_is_told_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["--run", str(tmp_path / "run"), "--evaluator", "ray", "--quiet"]) == 2
    assert "pip install 'nas-env[cluster]'" in capsys.readouterr().err


def test_data_that_the_nodes_lack_is_sent_to_them(cluster, tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    (tmp_path / "filed").mkdir()
    (tmp_path / "filed" / "labels").write_bytes(bytes(range(10)) * 9 + bytes(6))
    asked = child().to_json().replace("FaultyImages", "FiledImages")
    request = Request(**json.loads(asked))
    evaluators = ["ray", {"name": "ray", "send": ["filed"]}]
    lacking, sending = (make_evaluator(each, CPU, open_store()) for each in evaluators)
    with closing(lacking), pytest.raises(DataNotFound, match=r"labels is not there \(on node"):
        lacking.submit(request).result()
    with closing(sending):
        found = sending.submit(request).result()
    assert found.curves == evaluate(request, CPU).curves


def test_what_is_sent_arrives_whole_and_stays_in_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    content = {"set/a": b"1" * 9000, "set/deep/b": b"", "set/c\n": b"\n\n", "other": b"x"}
    for name, part in content.items():
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_bytes(part)
    digest, sent = pack(tmp_path / "data", ["set"])
    folder = unpack(digest, sent)
    files = [file for file in folder.rglob("*") if file.is_file()]
    found = {str(file.relative_to(folder)): file.read_bytes() for file in files}
    assert found == {name: part for name, part in content.items() if name != "other"}
    assert unpack(digest, None) == folder
    with pytest.raises(InvalidValue, match="expected a name within"):
        pack(tmp_path / "data", ["../out"])
    with pytest.raises(DataNotFound, match="nothing is not there"):
        pack(tmp_path / "data", ["nothing"])


@pytest.mark.parametrize(
    ("address", "kind", "line"),
    [
        ("127.0.0.1:1", NASError, "the Ray cluster 127.0.0.1:1 cannot be joined: .*refused"),
        ("ray://head:10001", InvalidValue, "address is 'ray://head:10001', expected host:port"),
        ("head", InvalidValue, "address is 'head', expected host:port"),
    ],
)
def test_an_address_of_no_cluster_is_one_line(address, kind, line):
    ray = pytest.importorskip("ray")
    ray.shutdown()
    with pytest.raises(kind, match=line):
        Cluster(address)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"cpus_per_child": 0}, "cpus_per_child is 0, expected more where no GPU is kept"),
        ({"data": "/data", "send": ("x",)}, "data and send are given, expected one of them"),
        ({"workers": 0}, "workers is 0, expected at least 1"),
        ({"gpus_per_child": -1}, "gpus_per_child is -1, expected at least 0"),
    ],
    ids=str,
)
def test_bad_settings_are_one_line(settings, line):
    with pytest.raises(InvalidValue, match=line):
        RaySettings(**settings)
