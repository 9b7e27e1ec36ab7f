"""A search ends when its minutes are over, though there are children left; its control does too."""

import re

import pytest

from nas_env.command_line.train import main
from nas_env.run.store import open_store
from tests.test_resuming import json_of

TABLE = ["--env", "NAS-Bench-Digits-v0", "--agent", "evolution", "--children", "1000000"]
A_MOMENT = "0.01"  # of a minute


def played(folder):
    config = json_of(folder, "config.json")
    store = open_store(folder / "results.sqlite", config["id"])
    try:
        return [episode["tokens"] for episode in store.episodes()]
    finally:
        store.close()


def test_a_search_and_its_control_end_when_their_minutes_are_over(tmp_path, capsys):
    run = tmp_path / "run"
    assert main([*TABLE, "--minutes", A_MOMENT, "--control", "random", "--run", str(run)]) == 0
    summary = json_of(run, "summary.json")
    for figures in (summary, summary["random_search"]):
        assert 0 < figures["children"] < 1_000_000
        assert figures["seconds"] >= 60 * float(A_MOMENT)
    shown = capsys.readouterr().out
    assert re.search(rf"{summary['children']}/1000000 +best", shown), "the last line has them all"
    assert "0 s left" not in shown


def test_more_minutes_go_on_with_a_search_that_is_over(tmp_path):
    run, command = tmp_path / "run", [*TABLE, "--quiet"]
    assert main([*command, "--minutes", A_MOMENT, "--run", str(run)]) == 0
    first = played(run)
    assert main([*command, "--minutes", A_MOMENT, "--run", str(run), "--resume"]) == 0
    assert played(run) == first, "the same command changes nothing"
    assert main(["--quiet", "--minutes", "0.03", "--run", str(run), "--resume"]) == 0
    assert len(played(run)) > len(first)
    assert played(run)[: len(first)] == first
    assert json_of(run, "summary.json")["seconds"] >= 1.8


def test_fewer_minutes_than_were_spent_keep_what_was_played(tmp_path):
    run, command = tmp_path / "run", [*TABLE, "--quiet", "--run", str(tmp_path / "run")]
    assert main([*command, "--minutes", A_MOMENT]) == 0
    first = played(run)
    assert main([*command, "--minutes", "0.0001", "--resume"]) == 0
    assert json_of(run, "summary.json")["children"] == len(first)


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "ten"])
def test_minutes_that_are_none(minutes, tmp_path, capsys):
    assert main([*TABLE, f"--minutes={minutes}", "--run", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "minutes" in line and minutes in line
