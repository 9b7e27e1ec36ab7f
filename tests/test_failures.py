"""Children that fail: said why, never the best, and a search that has no chance stops."""

from __future__ import annotations

import json

import gymnasium
import pytest
from _small import TINY

import nas_env
from nas_env.command_line.train import main
from nas_env.run.store import open_store
from nas_env.search.failures import failures, fault_of_the_beginning
from nas_env.search.summary import best_of
from search_spaces.convolutional import ConvolutionalSpace


class Broken(ConvolutionalSpace):
    """A space none of whose networks can be built."""

    def _build(self, architecture, input_shape, outputs):
        raise RuntimeError(f"{architecture.layers[0].filters} channels, expected 5")


SPACE = {"layers": 2, "filter_sizes": [1, 3], "filters": [2, 3, 4]}


@pytest.fixture
def broken():
    """The id of an environment whose children all fail."""
    task, recipe = {"name": "digits", **TINY["task"]}, TINY["recipe"]
    space = {"name": f"{__name__}:Broken", **SPACE}
    nas_env.register("NAS-Broken-v0", task=task, space=space, recipe=recipe)
    yield "NAS-Broken-v0"
    del gymnasium.registry["NAS-Broken-v0"]


def play(env, folder, *more):
    arguments = ["--env", env, "--run", str(folder / "run"), "--workers", "0"]
    return main([*arguments, "--recipe.epochs", "1", *more])


def record(status="ok", error="", reward=0.0):
    return {"status": status, "error": error, "reward": reward}


def ended(capsys):
    out, err = capsys.readouterr()
    return out.replace("\n", " "), err


@pytest.mark.parametrize(
    "agent",
    [
        ["--agent", "random_search", "--agent.batch-size", "5"],
        ["--agent", "ppo", "--agent.batch-size", "2"],
    ],
)
def test_a_search_whose_first_children_all_fail_stops_and_can_be_kept_going(
    broken, tmp_path, capsys, agent
):
    status = play(broken, tmp_path, "--children", "30", *agent)
    run = tmp_path / "run"
    _, error = ended(capsys)
    assert status == 1 and error.count("\n") == 1
    assert "the first 8 children all failed for the same reason: RuntimeError: " in error
    assert "channels, expected 5; " in error
    assert f"go on with: --resume --run {run} --keep-going" in error
    assert not (run / "summary.json").exists() and not (run / "best.png").exists()
    played = len(open_store(run / "results.sqlite").all_episodes())
    assert 8 <= played < 30
    assert main(["--resume", "--run", str(run)]) == 1  # as it was
    assert len(open_store(run / "results.sqlite").all_episodes()) == played
    assert main(["--resume", "--run", str(run), "--keep-going"]) == 1
    summary = json.loads((run / "summary.json").read_text())
    assert summary["children"] == 30 and summary["best"] is None
    assert summary["failed"] == {"failed": 30} and summary["failures"][0]["children"] == 30


def test_a_search_in_which_none_succeeds_says_why(broken, tmp_path, capsys):
    """Five children are fewer than eight: it is played to its end."""
    assert play(broken, tmp_path, "--children", "5", "--control", "random") == 1
    run = tmp_path / "run"
    out, _ = ended(capsys)
    assert (
        out.count("5 of 5 children failed and none succeeded; the commonest reason, 5 times: ") == 2
    )
    assert f"{run / 'results.sqlite'} has them all" in out
    assert "best none yet" in out and "none succeeded" in out and "best.png" not in out
    assert not list(run.rglob("best.*"))
    summary = json.loads((run / "summary.json").read_text())
    assert summary["best"] is None and summary["random_search"]["best"] is None
    ((_, kept), *_) = open_store(run / "results.sqlite").evaluations()
    assert kept.error.endswith("channels, expected 5")
    assert main(["--resume", "--run", str(run)]) == 1  # its tables again, and its status


def test_children_that_are_too_large_are_a_wish_and_not_a_fault(tmp_path):
    arguments = ["--children", "10", "--task.max-parameters", "10", "--quiet"]
    assert play("NAS-Digits-v0", tmp_path, *arguments) == 1
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["failed"] == {"too_large": 10} and summary["best"] is None


def test_which_beginnings_are_a_fault():
    bad = [record("failed", f"RuntimeError: {n} channels") for n in range(8)]
    assert fault_of_the_beginning(bad, 8) == "RuntimeError: 0 channels"
    assert fault_of_the_beginning([*bad, record()], 8)
    assert not fault_of_the_beginning(bad, 0)
    assert not fault_of_the_beginning(bad[:7], 8)
    assert not fault_of_the_beginning([record(), *bad], 8)
    assert not fault_of_the_beginning([record("failed", "KeyError: 'x'"), *bad], 8)
    for status in ("diverged", "too_large", "out_of_memory", "timed_out", "died"):
        assert not fault_of_the_beginning([record(status, "the same")] * 8, 8)


def test_reasons_are_counted_the_commonest_first():
    records = [
        record("diverged", "the loss was not finite in epoch 1"),
        record(),
        record("failed", "12 channels"),
        record("diverged", "the loss was not finite in epoch 2"),
    ]
    assert failures(records) == [
        {"status": "diverged", "error": "the loss was not finite in epoch 1", "children": 2},
        {"status": "failed", "error": "12 channels", "children": 1},
    ]
    assert failures([record()]) == []


def test_a_child_that_failed_is_never_the_best():
    good, better = record(reward=-3.0), record(reward=-2.0)
    failed = record("failed", "no", reward=0.0)
    assert best_of([failed, good, better, failed]) is better
    assert best_of([failed]) is None
