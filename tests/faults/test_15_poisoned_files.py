"""Row 15: files that run code when they are trusted, given wherever a file can be given."""

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest
import torch
from _inject import POISON, Canary, object_arrays, sb3_zip, yaml_file

import nas_env
from nas_env.benchmark.__main__ import main as benchmark
from nas_env.benchmark._file import ResultsFile
from nas_env.command_line.retrain import main as retrain
from nas_env.command_line.store import main as store
from nas_env.command_line.train import main as train
from nas_env.errors import DataCorrupt, InvalidValue, NASError, StoreError
from nas_env.run.states import write_state
from nas_env.run.store import open_store
from nas_env.search.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from nas_env.table.format import read_table
from nas_env.tasks import make_task

TINY = ["--children", "1", "--quiet", "--workers", "0", "--space.layers", "1"]


def run_folder(path):
    """A run whose configuration it is."""
    folder = path.parent / "resumed"
    folder.mkdir(exist_ok=True)
    shutil.copy(path, folder / "config.json")
    return ["--resume", "--run", str(folder)]


def checkpoint(path):
    """The tensors of the newest checkpoint, with a manifest that knows their hash."""
    folder = path.parent / "checkpoint"
    folder.mkdir(exist_ok=True)
    write_checkpoint(folder, Checkpoint(1, {"w": torch.ones(2)}))
    forge(folder, path.read_bytes())
    (folder / f"000000003{path.suffix}").write_bytes(path.read_bytes())
    found = read_checkpoint(folder)
    assert found is not None and found.episodes == 1


def forge(folder, content):
    """A second checkpoint whose tensors are this content, with hashes that are right."""
    write_state(folder, 2, {}, {"episodes": 2, "values": {}, "search": {}}, kept=3)
    (folder / "000000002.safetensors").write_bytes(content)
    manifest = json.loads((folder / "000000002.json").read_text())
    del manifest["sha256"]
    manifest["tensors_sha256"] = hashlib.sha256(content).hexdigest()
    text = json.dumps(manifest, sort_keys=True).encode()
    manifest["sha256"] = hashlib.sha256(text).hexdigest()
    (folder / "000000002.json").write_text(json.dumps(manifest))


def network(path):
    """The weights and the settings of a network that was handed over."""
    for name in ("weights.safetensors", "network.json", "architecture.json"):
        folder = path.parent / f"network of {name}"
        folder.mkdir(exist_ok=True)
        shutil.copy(path, folder / name)
        with pytest.raises(InvalidValue):
            nas_env.load(folder)


def refused(make, path):
    """A constructor that says what is wrong in one line."""
    with pytest.raises((NASError, InvalidValue)) as error:
        make(path)
    assert "\n" not in str(error.value)


def exits(main, *words):
    """A command line that says so."""
    assert main([str(word) for word in words]) == 2


PLACES = {
    "--config": lambda path: exits(train, "--config", path, *TINY),
    "--resume": lambda path: exits(train, *run_folder(path)),
    "--store": lambda path: exits(train, *TINY, "--store", path, "--run", "x"),
    "--task.path of images": lambda path: refused(
        lambda path: make_task({"name": "images", "path": str(path)}).settled(), path
    ),
    "--architecture": lambda path: exits(
        retrain, "--architecture", path, "--env", "NAS-Digits-v0", "--quiet"
    ),
    "a store": lambda path: refused(open_store, path),
    "nas-store": lambda path: exits(store, "copy", path, path.parent / "to"),
    "a table": lambda path: refused(read_table, path),
    "a checkpoint": checkpoint,
    "a network": network,
    "results of a benchmark": lambda path: exits(benchmark, "report", path),
}
SUFFIXES = {"zip of SB3": ".zip", "npy": ".npy", "npz": ".npz", "JSON": ".json", "YAML": ".json"}


@pytest.mark.parametrize("kind", POISON)
@pytest.mark.parametrize("place", PLACES)
def test_no_file_runs_code_wherever_it_is_given(tmp_path, monkeypatch, capsys, kind, place):
    monkeypatch.chdir(tmp_path)
    path, shown = tmp_path / f"poison{SUFFIXES.get(kind, '.bin')}", tmp_path / "shown"
    POISON[kind](path, shown)
    PLACES[place](path)
    assert not shown.exists()
    error = capsys.readouterr().err
    assert "Traceback" not in error and error.count("\n") <= 1, error


def test_the_poison_works_where_a_file_is_trusted(tmp_path):
    """Or the test above would show nothing."""
    from stable_baselines3 import PPO

    sb3_zip(tmp_path / "model.zip", tmp_path / "by SB3")
    object_arrays(tmp_path / "a.npz", tmp_path / "by numpy")
    torch.save(Canary(tmp_path / "by torch"), tmp_path / "a.pt")
    for load in (
        lambda: PPO.load(tmp_path / "model.zip"),
        lambda: np.load(tmp_path / "a.npz", allow_pickle=True)["images"],
        lambda: torch.load(tmp_path / "a.pt", weights_only=False),
    ):
        try:
            load()
        except Exception:
            continue
    for name in ("SB3", "numpy", "torch"):
        assert (tmp_path / f"by {name}").exists(), name


HOSTILE = {
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON {0} BEGIN DELETE FROM {0}; END",
    "a view": "CREATE VIEW v AS SELECT * FROM {0}",
    "an index": "CREATE INDEX i ON {0} (key)",
    "a table": "CREATE TABLE t (x)",
    "a virtual table": "CREATE VIRTUAL TABLE t USING fts5(x)",
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("make, table", [(open_store, "evaluations"), (ResultsFile, "results")])
def test_a_database_with_more_than_our_tables_is_refused_and_left_alone(
    tmp_path, what, make, table
):
    path = tmp_path / "s"
    made = make(path)
    if table == "evaluations":
        made.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(HOSTILE[what].format(table))
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="it has a ") as error:
        make(path)
    assert "\n" not in str(error.value) and path.read_bytes() == before


SHAPES = [[10**12], [-1, -1], [2**40, 0], [3], []]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_tensors_of_a_checkpoint_are_no_larger_than_the_file(tmp_path, bounded, shape):
    """Also where every hash is right."""
    write_checkpoint(tmp_path, Checkpoint(1, {"w": torch.ones(2)}))
    header = json.dumps({"w": {"dtype": "F32", "shape": shape, "data_offsets": [0, 8]}}).encode()
    forge(tmp_path, len(header).to_bytes(8, "little") + header + bytes(8))
    found = read_checkpoint(tmp_path)
    assert found is not None and found.episodes == 1


def test_yaml_is_never_read_as_yaml(tmp_path):
    """A table by that name is no table."""
    yaml_file(tmp_path / "table.yaml", tmp_path / "shown")
    with pytest.raises(DataCorrupt, match="is not a table"):
        read_table(tmp_path / "table.yaml")
