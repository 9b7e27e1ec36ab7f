"""A search that is killed at any instant and resumed ends as one that never was."""

import json
import random

import pytest
import torch

from agents import agent_names
from nas_env.command_line.train import main
from nas_env.run.store import open_store
from nas_env.search import loop
from nas_env.search.checkpoint import KEPT, Checkpoint, read_checkpoint, write_checkpoint
from tests._killing import killed_at

SMALL = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2", "--quiet"]
TINY = [*SMALL, "--workers", "0"]
TIMES = ("seconds", "children_per_hour", "seconds_a_child", "seconds_of_children")


def figures(folder):
    """The summary without its times, and the architectures in their order."""
    summary = json.loads((folder / "summary.json").read_text())
    for part in (summary, summary["random_search"]):
        for name in TIMES:
            assert part.pop(name)
        del part["utilisation"]  # a share of time
    store = open_store(folder / "results.sqlite")
    played = [(e["tokens"], e["reward"]) for e in store.all_episodes()]
    store.close()
    return summary, sorted(map(str, played))


def start_or_resume(folder, arguments):
    """The command line's work in a fork: begin a run, or go on with it where it has begun."""
    begun = (folder / "config.json").exists()
    given = ["--resume", "--quiet"] if begun else arguments
    return lambda: main([*given, "--run", str(folder)])


@pytest.mark.parametrize("agent, seconds", [("reinforce", 0.0), ("random_search", 1e9)], ids=str)
def test_ten_kills_change_nothing(agent, seconds, tmp_path, monkeypatch):
    """With a checkpoint after each update, and with none but the last."""
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", seconds)
    arguments = ["--children", "16", "--control", "random", "--agent", agent, *TINY]
    assert main([*arguments, "--run", str(tmp_path / "whole")]) == 0
    torch.set_num_threads(1)
    killed, steps = tmp_path / "killed", random.Random(agent)
    for _ in range(10):
        assert killed_at(steps.randint(1, 20), start_or_resume(killed, arguments))
    assert not killed_at(10**9, start_or_resume(killed, arguments))
    assert figures(killed) == figures(tmp_path / "whole")


@pytest.mark.parametrize("agent", agent_names())
def test_every_agent_goes_on_bit_by_bit(tmp_path, agent, monkeypatch):
    """Actions, rewards, weights and random states; on a table, where nothing is trained."""
    arguments = ["--env", "NAS-Bench-Digits-v0", "--agent", agent, "--children", "60", "--quiet"]
    assert main([*arguments, "--run", str(tmp_path / "whole")]) == 0
    killed = tmp_path / "killed"
    with monkeypatch.context() as patch:
        patch.setattr(loop, "CHECKPOINT_EVERY", 0.0)
        for step in (20, 25, 23):
            assert killed_at(step, start_or_resume(killed, arguments))
    assert 0 < read_checkpoint(killed / "checkpoint").episodes < 60
    assert not killed_at(10**9, start_or_resume(killed, arguments))
    one, other = (read_checkpoint(tmp_path / name / "checkpoint") for name in ("whole", "killed"))
    assert one is not None and other is not None
    assert one.episodes == other.episodes == 60 and one.values == other.values
    assert one.tensors.keys() == other.tensors.keys()
    for name, tensor in one.tensors.items():
        assert torch.equal(tensor, other.tensors[name]), name
    played = [open_store(tmp_path / name / "results.sqlite") for name in ("whole", "killed")]
    first, second = ([(e["tokens"], e["reward"]) for e in s.all_episodes()] for s in played)
    assert first == second and len(first) == 60


def test_halves_of_checkpoints_are_cleared_away(tmp_path):
    (tmp_path / "000000001.safetensors").write_bytes(b"what a kill left")
    for number in range(2, 6):
        write_checkpoint(tmp_path, Checkpoint(number, {"w": torch.ones(1)}))
    assert len(list(tmp_path.iterdir())) == 2 * KEPT


def test_a_finished_run_is_printed_and_left_alone(tmp_path, capsys):
    run = ["--run", str(tmp_path / "run")]
    assert main(["--children", "2", *TINY, *run]) == 0
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.name != "lock"}
    assert main(["--resume", *run]) == 0
    assert "best reward" in capsys.readouterr().out
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.name != "lock"}
