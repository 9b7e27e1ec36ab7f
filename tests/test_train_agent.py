"""The command line: what it leaves, and what bad input gets."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict

import gymnasium
import pytest

import nas_env
from agents import agent_names, make_config
from nas_env.command_line._docstrings import attributes
from nas_env.command_line.parsing import parse
from nas_env.command_line.train import main
from nas_env.parts import mapping
from tests._killing import forked
from tests._needed import DRAWN, needed

TINY = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2"]
KEYS = {
    "env", "agent", "seed", "children", "distinct", "failed", "best", "seconds",
    "children_per_hour", "random_search", "device", "versions",
}  # fmt: skip


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text())


def test_what_a_search_leaves(tmp_path, capsys):
    run = tmp_path / "run"
    arguments = ["--children", "5", "--agent.batch-size", "2", "--control", "random", *TINY]
    assert main([*arguments, "--run", str(run)]) == 0
    summary = summary_of(run)
    assert set(summary) >= KEYS
    assert summary["children"] == summary["random_search"]["children"] == 5
    assert set(summary["best"]) >= {
        "architecture", "reward", "validation_accuracy", "parameters",
    }  # fmt: skip
    assert summary["best"]["reward"] == pytest.approx(summary["best"]["validation_accuracy"] ** 3)
    for name in ("best", "curve", "control/best"):
        assert (run / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "</svg>" in (run / f"{name}.svg").read_text()
    assert "different architectures" in capsys.readouterr().out
    config = json.loads((run / "config.json").read_text())
    assert config["make"]["device"] in ("cpu", "cuda")
    assert config["make"]["recipe"]["precision"] != "auto"


def test_the_next_free_folder_and_none_overwritten(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(["--children", "1", *TINY]) == 0
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == [
        "NAS-Digits-v0-reinforce-1",
        "NAS-Digits-v0-reinforce-2",
    ]
    assert main(["--children", "1", *TINY, "--run", "runs/NAS-Digits-v0-reinforce-1"]) == 2
    assert "--resume" in capsys.readouterr().err


def test_the_depth_schedule(tmp_path):
    schedule = ["--depth.first", "1", "--depth.step", "1", "--depth.every", "2"]
    arguments = ["--children", "7", *TINY, "--space.layers", "3", "--quiet", *schedule]
    assert main([*arguments, "--run", str(tmp_path / "run")]) == 0
    from nas_env.run.store import open_store

    episodes = open_store(tmp_path / "run" / "results.sqlite").all_episodes()
    depths = [len(episode["architecture"]["layers"]) for episode in episodes]
    assert depths == [1, 1, 2, 2, 3, 3, 3]


def test_a_second_search_is_refused_and_a_dead_ones_folder_taken_over(tmp_path, capsys):
    run = tmp_path / "run"
    arguments = ["--children", "100000", "--workers", "0", *TINY, "--quiet", "--run", str(run)]
    holder = forked(lambda: main(arguments))
    while not (run / "best.png").exists():
        assert os.waitpid(holder, os.WNOHANG) == (0, 0), "it has ended"
        time.sleep(0.02)
    assert main(["--resume", "--quiet", "--run", str(run)]) == 2
    assert f"in use by process {holder}" in capsys.readouterr().err
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "children": 1}))
    assert main(["--resume", "--quiet", "--run", str(run)]) == 0


def printed(capsys, *line):
    """What a command line prints that searches nothing."""
    with pytest.raises(SystemExit) as ending:
        main(list(line))
    assert ending.value.code == 0
    return capsys.readouterr().out


def test_help_all_lists_every_option_with_its_default(capsys):
    text = printed(capsys, "--help-all")
    options = ("--env", "--children", "--recipe.epochs", "--agent.entropy", "--task.train-size")
    for option in (*options, "--space.layers", "--depth.first", "--track", "--resume"):
        assert option in text
    assert text.count("(default") >= 40


def test_help_shows_first_what_people_use_first(capsys):
    text = printed(capsys, "--help")
    named = re.findall(r"^(?:│ |  )--([\w.-]+)", text, re.MULTILINE)
    first = ["env", "agent", "children", "minutes", "seed", "run", "resume", "control"]
    assert named[: len(first)] == first and len(named) <= 16
    assert "--help-all" in text and "--version" in text


@pytest.mark.parametrize("help", ["--help", "--help-all"])
@pytest.mark.parametrize("columns", [60, 100])
def test_help_fits_a_narrow_terminal_without_colours(help, columns, capsys, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "1000")
    wide = printed(capsys, help)
    monkeypatch.setenv("COLUMNS", str(columns))
    narrow = printed(capsys, help)
    assert max(map(len, narrow.splitlines())) <= columns
    assert "\x1b" not in narrow
    assert words(narrow) == words(wide), "nothing is cut off"


def words(text):
    """All characters of a help but its frame and its spaces, in any order of columns."""
    return sorted(re.sub(r"[\s─│╭╮╰╯]|-{3,}", "", text))


@pytest.mark.parametrize("id", nas_env.environment_ids())
def test_a_search_is_of_what_the_environment_is(id):
    task = mapping(gymnasium.spec(id).kwargs["task"])["name"]
    source = needed(task) if task in DRAWN else {}
    words = [word for name, value in source.items() for word in (f"--task.{name}", value)]
    made = parse(["--env", id, "--device", "cpu", *words], make_config, "nas-train").make
    given = {"task": {"name": task, **source}} if source else {}
    with closing(gymnasium.make(id, device="cpu", **given)) as env:
        problem = env.unwrapped.problem
        for part in ("task", "space", "objective", "recipe"):
            assert made[part] == {**made[part], **getattr(problem, part).spec}, part


@pytest.mark.parametrize("word", ["--help", "--help-all", "--version"])
def test_a_reader_may_stop_reading(word):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "train_agent", word]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("agent", agent_names())
def test_help_has_no_markup_and_says_something_of_every_option(agent, capsys):
    text = printed(capsys, "--help-all", "--agent", agent)
    assert "``" not in text and ":class:" not in text and "~" not in text
    config = make_config(agent)[1]
    helped = attributes(type(config))
    assert [name for name in asdict(config) if not helped.get(name)] == []


def test_version_names_the_packages_and_the_device(capsys):
    lines = printed(capsys, "--version").splitlines()
    names = [line.split()[0] for line in lines]
    assert {"nas-env", "python", "torch", "gymnasium", "stable-baselines3", "device"} <= set(names)
    assert lines[-1].startswith(("device cpu", "device cuda"))


@pytest.mark.parametrize("name", ["nas-train", "train_agent.py"])
def test_a_command_calls_itself_as_it_was_called(name, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", [f"/some/where/{name}"])
    assert main(["--childen", "3"]) == 2
    assert capsys.readouterr().err.startswith(f"{name}: unknown option --childen")
    assert f"usage: {name} " in printed(capsys, "--help")


def test_a_wrong_name_in_a_module_is_answered_by_the_classes_that_would_do(capsys):
    assert main(["--agent", "agents.ppo:Nothing"]) == 2
    assert "'Nothing': known are PPO\n" in capsys.readouterr().err
    assert main(["--agent", "agents.ppo:ClassVar"]) == 2
    assert "is not a subclass of Agent, the module has PPO\n" in capsys.readouterr().err
