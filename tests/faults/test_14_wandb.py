"""Row 14: W&B unreachable, without a key, or dying in mid-run: the search goes on without it."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from _children import TESTS
from killing_tracker import Killing

from nas_env.run.store import open_store

TINY = ["--children", "6", "--space.layers", "1", "--recipe.epochs", "1", "--workers", "0"]
TINY += ["--task.train-size", "64", "--task.validation-size", "32", "--quiet"]
KEY = "0123456789" * 4


def closed_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def search(folder, *trackers, **environment):
    """The seconds of a search in a process of its own, followed by trackers, and what it said."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("WANDB")}
    own |= {"HOME": str(folder.parent), "NAS_DATA": str(folder.parent), **environment}
    own["PYTHONPATH"] = os.pathsep.join(map(str, (TESTS.parent, TESTS, Path(__file__).parent)))
    words = [*TINY, "--run", str(folder), *(["--track", *trackers] if trackers else [])]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "train_agent", *words],
        cwd=folder.parent,
        env=own,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return time.monotonic() - began, done.stderr


def played(folder):
    store = open_store(folder / "results.sqlite")
    try:
        return [(each["tokens"], each["reward"]) for each in store.all_episodes()]
    finally:
        store.close()


@pytest.fixture(scope="module")
def without(tmp_path_factory):
    """The same search, followed by nobody: its seconds and its children."""
    folder = tmp_path_factory.mktemp("without") / "run"
    seconds, _ = search(folder)
    return seconds, played(folder)


def kept_offline(folder):
    """The offline copy that W&B can send later."""
    (file,) = folder.glob("wandb/offline-run-*/*.wandb")
    return file.stat().st_size


def test_nobody_is_there_at_its_address(tmp_path, without, within):
    folder = tmp_path / "run"
    address = f"http://127.0.0.1:{closed_port()}"
    seconds, said = search(folder, "wandb", WANDB_API_KEY=KEY, WANDB_BASE_URL=address)
    within(seconds - without[0], 60, "what W&B's absence cost a search")
    assert said.count("this run is kept offline") == 1
    assert played(folder) == without[1] and kept_offline(folder) > 1_000
    assert json.loads((folder / "summary.json").read_text())["children"] == 6


def test_there_is_no_key(tmp_path, without, within):
    folder = tmp_path / "run"
    seconds, said = search(folder, "wandb")
    within(seconds - without[0], 60, "what W&B without a key cost a search")
    assert said.count("no API key") == 1
    assert played(folder) == without[1] and kept_offline(folder) > 1_000


def test_its_process_dies_in_mid_run(tmp_path, without, within):
    folder = tmp_path / "run"
    trackers = ("wandb", f"{Killing.__module__}:Killing")
    seconds, said = search(folder, *trackers, WANDB_MODE="offline")
    assert int((folder / "killed").read_text()) >= 1
    within(seconds - without[0], 60, "what the death of W&B cost a search")
    assert "the search goes on without it" in said
    assert played(folder) == without[1] and kept_offline(folder) > 0
