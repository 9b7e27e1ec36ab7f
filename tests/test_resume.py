"""A search that is killed at any instant and resumed ends as one that never was."""

import json
import random
import shutil
import time

import pytest
import torch

from agents import agent_names
from nas_env.checkpoint import KEPT, Checkpoint, read_checkpoint, write_checkpoint
from nas_env.store import Store
from tests._killing import append, killed_after
from train_agent import main

SMALL = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2", "--quiet"]
TINY = [*SMALL, "--workers", "0"]
TIMES = ("seconds", "children_per_hour", "seconds_of_children")


def figures(folder):
    """The summary without its times, and the architectures in their order."""
    summary = json.loads((folder / "summary.json").read_text())
    for part in (summary, summary["random_search"]):
        for name in TIMES:
            assert part.pop(name)
    store = Store(folder / "results.sqlite")
    played = [(e["tokens"], e["reward"]) for e in store.all_episodes()]
    store.close()
    return summary, sorted(map(str, played))


@pytest.mark.parametrize("agent", ["reinforce", "random_search"])
def test_ten_kills_change_nothing(tmp_path, agent):
    arguments = ["--children", "24", "--control", "random", "--agent", agent, *TINY]
    assert main([*arguments, "--run", str(tmp_path / "whole")]) == 0
    torch.set_num_threads(1)
    killed = tmp_path / "killed"
    moments = random.Random(agent)
    kills = 0
    while kills < 10:
        started = (killed / "config.json").exists()
        again = ["--resume", "--quiet"] if started else arguments
        run = ["--run", str(killed)]
        kills += killed_after(moments.uniform(0.05, 0.5), lambda a=again, r=run: main([*a, *r]))
        if (killed / "summary.json").exists():
            break
    if not (killed / "summary.json").exists():
        assert main(["--resume", "--quiet", "--run", str(killed)]) == 0
    assert kills == 10, "the search was over before it could be killed ten times"
    assert figures(killed) == figures(tmp_path / "whole")


@pytest.mark.parametrize("agent", agent_names())
def test_every_agent_goes_on_bit_by_bit(tmp_path, agent):
    """Actions, rewards, weights and random states; on a table, where an update takes longest."""
    arguments = ["--env", "NAS-Bench-Digits-v0", "--agent", agent, "--children", "150", "--quiet"]
    begun = time.perf_counter()
    assert main([*arguments, "--run", str(tmp_path / "whole")]) == 0
    seconds = time.perf_counter() - begun
    killed, moments, kills = tmp_path / "killed", random.Random(agent), 0
    while not (killed / "summary.json").exists():
        started = (killed / "config.json").exists()
        again = ["--resume", "--quiet"] if started else arguments
        run = ["--run", str(killed)]
        patience = moments.uniform(0.1, 0.7) * seconds if kills < 3 else 1_000
        kills += killed_after(patience, lambda a=again, r=run: main([*a, *r]))
        if kills == 0:  # the first one, which warmed up, was slower: once more, and sooner
            shutil.rmtree(killed)
            seconds /= 2
    one, other = (read_checkpoint(tmp_path / name / "checkpoint") for name in ("whole", "killed"))
    assert one is not None and other is not None
    assert one.episodes == other.episodes == 150 and one.values == other.values
    assert one.tensors.keys() == other.tensors.keys()
    for name, tensor in one.tensors.items():
        assert torch.equal(tensor, other.tensors[name]), name
    played = [Store(tmp_path / name / "results.sqlite") for name in ("whole", "killed")]
    first, second = ([(e["tokens"], e["reward"]) for e in s.all_episodes()] for s in played)
    assert first == second and len(first) == 150


def test_a_lost_store_means_playing_again(tmp_path):
    run = ["--run", str(tmp_path / "run")]
    assert main(["--children", "3", *TINY, *run]) == 0
    before = json.loads((tmp_path / "run" / "summary.json").read_text())
    (tmp_path / "run" / "summary.json").unlink()
    (tmp_path / "run" / "results.sqlite").unlink()
    assert main(["--resume", "--quiet", *run]) == 0
    after = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert after["best"] == before["best"] and after["children"] == 3


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


def test_a_hundred_kills_while_writing_leave_a_checkpoint(tmp_path):
    folder, log = tmp_path / "checkpoint", tmp_path / "log"
    moments = random.Random(0)
    written = 0

    def write_for_ever():
        number = written
        while True:
            number += 1
            weights = torch.full((20_000,), float(number))
            write_checkpoint(folder, Checkpoint(number, {"w": weights}, {"number": number}))
            append(log, str(number))

    for _ in range(100):
        killed_after(moments.uniform(0.005, 0.06), write_for_ever)
        acknowledged = int(log.read_text().split()[-1]) if log.exists() else 0
        checkpoint = read_checkpoint(folder)
        if checkpoint is None:
            assert acknowledged == 0
            continue
        assert checkpoint.episodes >= acknowledged
        assert checkpoint.values == {"number": checkpoint.episodes}
        assert (checkpoint.tensors["w"] == checkpoint.episodes).all()
        written = checkpoint.episodes
    assert written > 20
    assert len(list(folder.glob("*.json"))) <= KEPT + 1


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:-9] + b"!" + b[-8:]])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path, suffix, damage):
    for number in (1, 2, 3, 4):
        write_checkpoint(tmp_path, Checkpoint(number, {"w": torch.ones(3) * number}))
    assert len(list(tmp_path.glob("*.json"))) == KEPT
    newest = tmp_path / f"000000004{suffix}"
    newest.write_bytes(damage(newest.read_bytes()))
    checkpoint = read_checkpoint(tmp_path)
    assert checkpoint is not None
    assert checkpoint.episodes == 3
    assert checkpoint.tensors["w"].tolist() == [3, 3, 3]
