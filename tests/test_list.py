"""``nas-list``: all runs below a folder, a line each."""

import contextlib
import json

import pytest

from nas_env.command_line.list import main
from nas_env.command_line.train import main as train
from nas_env.run.folder import Run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A finished run with its control, one that was stopped, and one that is damaged."""
    folder = tmp_path_factory.mktemp("runs")
    line = ["--env", "NAS-Bench-Digits-v0", "--quiet", "--children", "10"]
    assert train([*line, "--control", "random", "--run", str(folder / "first")]) == 0
    assert train([*line, "--agent", "evolution", "--run", str(folder / "deeper/second")]) == 0
    (folder / "deeper/second/summary.json").unlink()
    (folder / "third").mkdir()
    (folder / "third/config.json").write_text("{}")
    return folder


def test_each_run_has_a_line(runs, capsys):
    assert main([str(runs)]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["run", "env", "agent", "children", "best", "state", "age"]
    first, second, third = (line.split() for line in lines)
    assert first[:4] == [str(runs / "first"), "NAS-Bench-Digits-v0", "reinforce", "10/10"]
    assert float(first[4]) > 0.1 and first[5] == "finished"
    assert second[2:4] == ["evolution", "10/10"] and second[5] == "stopped"
    assert third == [str(runs / "third"), "?", "?", "unreadable"]


def test_the_same_as_json(runs, capsys):
    with contextlib.closing(Run(runs / "deeper/second")):
        assert main(["--folder", str(runs), "--json"]) == 0
    first, second, third = json.loads(capsys.readouterr().out)
    assert (first["agent"], first["children"], first["budget"]) == ("reinforce", 10, 10)
    assert (first["state"], second["state"], third["state"]) == (
        "finished", "playing", "unreadable",
    )  # fmt: skip
    assert third["error"].startswith(f"{runs / 'third' / 'config.json'}: id is missing; ")


def test_a_folder_without_runs_says_so(tmp_path, capsys):
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path} has no runs\n"


def test_a_folder_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main([str(tmp_path / "no")]) == 2
    assert capsys.readouterr().err == f"nas-list: {tmp_path / 'no'} is no folder\n"
