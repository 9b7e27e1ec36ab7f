"""A driver that is killed on a Ray cluster: nothing is lost, and no process is left."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from _children import until
from _cluster import MARK, ROOT, processes, started

from nas_env.command_line.train import main
from nas_env.run.store import open_store
from nas_env.testing._asked import timeless

SECRET = "0123456789abcdef" * 2
SMALL = ["--space.layers", "1", "--task.train-size", "64", "--recipe.epochs", "1", "--quiet"]
SMALL += ["--children", "8", "--device", "cpu"]


RAY = ["--evaluator", "ray"]


def driver(folder, *options):
    """A search in a process of its own."""
    words = ["-m", "train_agent", "--run", str(folder), *SMALL, *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment)


def evaluations(folder):
    """What a search has stored by now, by key."""
    if not (folder / "results.sqlite").exists():
        return {}
    with closing(open_store(folder / "results.sqlite")) as store:
        return {request.key: evaluation for request, evaluation in store.evaluations()}


def figures(folder):
    """Everything that a search leaves, without its times."""
    summary = json.loads((folder / "summary.json").read_text())
    with closing(open_store(folder / "results.sqlite")) as store:
        played = [(e["tokens"], e["reward"]) for e in store.all_episodes()]
    found = {key: timeless(each) for key, each in evaluations(folder).items()}
    return summary["best"], summary["distinct"], played, found


def test_a_driver_that_is_killed_leaves_no_process_and_loses_nothing(tmp_path):
    assert main(["--run", str(tmp_path / "whole"), *SMALL, "--workers", "0"]) == 0
    killed = tmp_path / "killed"
    with started(2):
        with driver(killed, *RAY) as process:
            until(lambda: process.poll() is not None or evaluations(killed))
            process.send_signal(signal.SIGKILL)
        before = evaluations(killed)
        assert before and not (killed / "summary.json").exists()
        until(lambda: not processes(b"serve_several", b"ray::child", b"train_agent"))
        assert main(["--run", str(killed), "--resume", "--quiet"]) == 0
        after = evaluations(killed)
    assert all(after[key].seconds == each.seconds for key, each in before.items())
    assert figures(killed) == figures(tmp_path / "whole")


def test_a_driver_that_is_killed_takes_its_replicas_along_and_goes_on(tmp_path):
    replicas = ["--agent", "replicas", "--agent.replicas", "2", "--agent.children", "2"]
    replicas += ["--agent.shards", "2", "--agent.gather", "2"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main(["--run", str(whole), *SMALL, *replicas, "--workers", "0"]) == 0
    actors = b"ray::Shard", b"ray::Group"
    with started(1):
        with driver(killed, *replicas, "--workers", "0", "--agent.actors", "2") as process:
            until(lambda: process.poll() is not None or evaluations(killed))
            assert len(processes(*actors)) == 4
            process.send_signal(signal.SIGKILL)
        assert not (killed / "summary.json").exists()
        until(lambda: not processes(*actors))
        assert main(["--run", str(killed), "--resume", "--quiet"]) == 0
    assert figures(killed) == figures(whole)


@pytest.fixture
def short(monkeypatch):
    """A folder for a cluster that a driver starts; the paths of sockets are limited."""
    pytest.importorskip("ray")
    with tempfile.TemporaryDirectory(prefix="nas-ray-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        monkeypatch.setenv(MARK, folder)
        # Ray's agents outlive a cluster by so many seconds, 60 by default.
        monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "5")
        monkeypatch.delenv("RAY_ADDRESS", raising=False)
        yield Path(folder)


def test_a_driver_takes_the_cluster_along_that_it_has_started(tmp_path, short, monkeypatch):
    """Other machines cannot reach it, nothing shows it in a browser, and it logs no token."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", SECRET)
    with driver(tmp_path / "run", *RAY) as process:
        until(lambda: process.poll() is not None or evaluations(tmp_path / "run"))
        (raylet,) = processes(b"raylet/raylet")
        assert processes(b"serve_several")
        assert listening(raylet) <= {"127.0.0.1"}
        process.send_signal(signal.SIGKILL)
    until(lambda: not processes(b""))
    left = [file for folder in (short, tmp_path) for file in folder.rglob("*") if file.is_file()]
    assert any(file.name == "raylet.out" for file in left)
    assert not [file for file in left if SECRET.encode() in file.read_bytes()]


def listening(process):
    """The addresses at which a process waits for others."""
    sockets = {os.readlink(each) for each in Path(f"/proc/{process}/fd").iterdir()}
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        own, state, inode = (line.split()[n] for n in (1, 3, 9))
        if state == "0A" and f"socket:[{inode}]" in sockets:
            found.add(socket.inet_ntoa(bytes.fromhex(own.partition(":")[0])[::-1]))
    return found
