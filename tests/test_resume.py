"""A search that is killed at any instant and resumed ends as one that never was."""

import json
import os

import torch

from nas_env.command_line.train import main
from nas_env.run.folder import Run
from nas_env.run.store import open_store
from nas_env.search.checkpoint import KEPT, Checkpoint, write_checkpoint
from tests._killing import forked

SMALL = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2", "--quiet"]
TINY = [*SMALL, "--workers", "0"]
TIMES = ("seconds", "children_per_hour", "seconds_a_child", "seconds_of_children")


def figures(folder):
    """The summary without its times, and the architectures in their order."""
    summary = json.loads((folder / "summary.json").read_text())
    for part in filter(None, (summary, summary["random_search"])):
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


def test_halves_of_checkpoints_are_cleared_away(tmp_path):
    (tmp_path / "000000001.safetensors").write_bytes(b"what a kill left")
    for number in range(2, 6):
        write_checkpoint(tmp_path, Checkpoint(number, {"w": torch.ones(1)}))
    assert len(list(tmp_path.iterdir())) == 2 * KEPT


def test_what_killed_processes_were_writing_is_cleared_away_by_the_next(tmp_path):
    dead = forked(lambda: 0)
    os.waitpid(dead, 0)
    (tmp_path / "checkpoint").mkdir()
    names = [".summary.json.{}", ".best.png.{}", "checkpoint/.000000001.safetensors.{}"]
    for name in names:
        (tmp_path / name.format(dead)).touch()
        (tmp_path / name.format(os.getppid())).touch()
    Run(tmp_path).close()
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob(".*")}
    assert left == {name.format(os.getppid()) for name in names}


def test_a_finished_run_is_printed_and_left_alone(tmp_path, capsys):
    run = ["--run", str(tmp_path / "run")]
    assert main(["--children", "2", *TINY, *run]) == 0
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.name != "lock"}
    assert main(["--resume", *run]) == 0
    assert "best reward" in capsys.readouterr().out
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.name != "lock"}
