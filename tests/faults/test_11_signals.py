"""Row 11: SIGTERM and Ctrl-C: saved, ended with 130 in seconds, and resumed to the same result."""

import os
import signal
import time

import pytest
from _children import running, until
from test_train_agent import TINY, summary_of

from nas_env.command_line.train import main
from nas_env.search import loop
from tests._killing import forked, stopped_at

ENDLESS = ["--recipe.epochs", "100000", "--task.train-size", "64", "--space.layers", "1", "--quiet"]
MOST = 10  # seconds


@pytest.mark.parametrize(
    "number, workers, step", [(signal.SIGINT, 2, 18), (signal.SIGTERM, 0, 14)], ids=str
)
def test_an_interrupted_search_keeps_all_and_says_how_to_go_on(
    number, workers, step, tmp_path, monkeypatch, capfd
):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 0.0)
    run = tmp_path / "run"
    arguments = ["--children", "8", "--workers", str(workers), *TINY, "--quiet"]
    assert stopped_at(step, lambda: main([*arguments, "--run", str(run)]), number) == 130
    _, error = capfd.readouterr()
    assert error.strip().splitlines() == [f"stopped; go on with: --resume --run {run}"]
    assert not (run / "summary.json").exists()
    assert main(["--resume", "--quiet", "--run", str(run)]) == 0
    assert main([*arguments, "--run", str(tmp_path / "whole")]) == 0
    assert summary_of(run)["best"] == summary_of(tmp_path / "whole")["best"]


def descendants(process):
    """The processes that one has started, and those that they have."""
    found = []
    for child in os.popen(f"ps -o pid= --ppid {process}").read().split():
        found += [int(child), *descendants(int(child))]
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_child_that_would_take_hours_keeps_nobody_waiting(
    number, workers, tmp_path, capfd, within, times
):
    run = tmp_path / "run"
    arguments = ["--children", "4", "--workers", workers, *ENDLESS]
    for begun in range(times if times > 1 else 1):
        given = ["--resume", "--quiet"] if begun else arguments
        process = forked(lambda given=given: main([*given, "--run", str(run)]))
        until(lambda: (run / "results.sqlite").exists())
        time.sleep(1.0 + 0.1 * begun)  # it trains by then, or is about to
        started = descendants(process)
        began = time.monotonic()
        os.kill(process, number)
        status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        within(time.monotonic() - began, MOST, f"{signal.Signals(number).name} ended a search")
        assert status == 130
        until(lambda started=started: not any(map(running, started)))
        assert capfd.readouterr().err.count("stopped; go on with: --resume --run") == 1
