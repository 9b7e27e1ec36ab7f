"""The main door: what it leaves, and what bad input gets."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from nas_env.tasks._torchvision import verify
from train_agent import main

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
    for name in ("best.png", "curve.png", "control/best.png"):
        assert (run / name).read_bytes().startswith(b"\x89PNG")
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
    from nas_env.store import Store

    episodes = Store(tmp_path / "run" / "results.sqlite").all_episodes()
    depths = [len(episode["architecture"]["layers"]) for episode in episodes]
    assert depths == [1, 1, 2, 2, 3, 3, 3]


def test_diverging_children_are_counted_and_the_search_goes_on(tmp_path):
    arguments = ["--children", "3", *TINY, "--quiet", "--recipe.learning-rate", "1e30"]
    assert main([*arguments, "--run", str(tmp_path / "run")]) == 0
    assert summary_of(tmp_path / "run")["failed"] == {"diverged": 3}


BAD = {
    "--env NAS-Digit-v0": "did you mean 'NAS-Digits-v0'",
    "--env no_such_module:X-v0": "cannot import",
    "--agent reinforc": "did you mean 'reinforce'",
    "--agent os:path": "not a subclass of Agent",
    "--childen 5": "did you mean --children?",
    "--recipe.epoch 5": "did you mean --recipe.epochs?",
    "--children abc": "--children",
    "--children": "--children",
    "--children 0": "at least 1",
    "--children -3": "at least 1",
    "--children 99999999999999999999": "at most",
    "--seed -1": "at least 0",
    "--recipe.epochs 0": "at least 1",
    "--recipe.epochs 99999999999999999999": "at most",
    "--recipe.learning-rate nan": "learning_rate is nan",
    "--recipe.learning-rate inf": "learning_rate is inf",
    "--recipe.schedule stepp": "stepp",
    "--recipe nope": "unknown recipe 'nope'",
    "--agent.preset nope": "unknown preset of reinforce 'nope'",
    "--agent.entropy -1": "at least 0",
    "--device gpu": "expected auto, cpu, cuda or cuda:N",
    "--device cuda:99": "GPUs",
    "--space.layers 0": "1",
    "--space.filter-sizes 2": "odd",
    "--space.filters": "filters",
    "--task.train-size 100000": "do not fit",
    "--track wandbb": "did you mean 'wandb'",
    "--control randm": "randm",
    "junk": "junk",
    "--resume": "--run",
    "--resume --run nowhere": "no run to resume",
    "--resume --run nowhere --seed 3": "contradicts --resume",
    "--store /no/such/folder/s.sqlite": "/no/such/folder",
    "--run train.txt": "is a file",
}


@pytest.mark.parametrize("line", BAD)
def test_bad_input_gets_one_clear_line(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.txt").touch()
    assert main(line.split()) == 2
    error = capsys.readouterr().err.strip()
    assert BAD[line] in error
    assert len(error.splitlines()) == 1, error
    assert "Traceback" not in error
    assert [p.name for p in tmp_path.iterdir()] == ["train.txt"], "nothing is left behind"


def test_missing_data_names_files_folder_and_remedy(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    verify.cache_clear()
    assert main(["--env", "NAS-CIFAR10-v0"]) == 2
    error = capsys.readouterr().err
    for part in (str(folder), "data_batch_1", "test_batch", "NAS_DATA", "unpack"):
        assert part in error
    assert not (tmp_path / "runs").exists()


def test_corrupt_data_is_named_with_its_checksum(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "data" / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name in [f"data_batch_{n}" for n in range(1, 6)] + ["test_batch", "batches.meta"]:
        (folder / name).write_bytes(b"wrong")
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    verify.cache_clear()
    assert main(["--env", "NAS-CIFAR10-v0"]) == 2
    error = capsys.readouterr().err
    assert "data_batch_1 is corrupt: its MD5 is" in error
    assert "c99cafc152244af753f735de768cd75f" in error  # the published one
    assert not (tmp_path / "runs").exists()


def start(*arguments):
    """The door in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "train_agent", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        # Started in the background, this process may ignore Ctrl-C, and would pass that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(path, process):
    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_search_keeps_all_and_says_how_to_go_on(tmp_path, number):
    run = tmp_path / "run"
    arguments = ["--children", "60", *TINY, "--quiet"]
    process = start(*arguments, "--run", str(run))
    wait_for(run / "best.png", process)
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert error.strip().splitlines() == [f"stopped; go on with: --resume --run {run}"]
    assert main(["--resume", "--quiet", "--run", str(run)]) == 0
    assert main([*arguments, "--run", str(tmp_path / "whole")]) == 0
    assert summary_of(run)["best"] == summary_of(tmp_path / "whole")["best"]


def test_a_second_search_is_refused_and_a_dead_ones_folder_taken_over(tmp_path, capsys):
    run = tmp_path / "run"
    holder = start("--children", "100000", *TINY, "--quiet", "--run", str(run))
    wait_for(run / "best.png", holder)
    assert main(["--resume", "--quiet", "--run", str(run)]) == 2
    assert f"in use by process {holder.pid}" in capsys.readouterr().err
    holder.kill()
    holder.wait()
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "children": 1}))
    assert main(["--resume", "--quiet", "--run", str(run)]) == 0


def test_help_lists_every_option_with_its_default(capsys):
    with pytest.raises(SystemExit) as ending:
        main(["--help"])
    assert ending.value.code == 0
    text = capsys.readouterr().out
    options = ("--env", "--children", "--recipe.epochs", "--agent.entropy", "--task.train-size")
    for option in (*options, "--space.layers", "--depth.first", "--track", "--resume"):
        assert option in text
    assert text.count("(default") >= 40
