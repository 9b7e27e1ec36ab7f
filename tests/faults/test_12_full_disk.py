"""Row 12: the disk is full, really: a named error, nothing lost, and resumed when there is room."""

import random
import re
import shutil
import signal

import pytest
from _inject import fill, said, small_disk
from matplotlib.figure import Figure
from test_07_diverging_children import summary_of
from test_resume import SMALL, figures

from nas_env.command_line.train import main
from nas_env.run.store import open_store
from nas_env.search import loop
from nas_env.search.checkpoint import read_checkpoint
from nas_env.search.observers import save_picture
from tests._killing import stopped_at

FULL = re.compile("No space left on device|disk is full|disk I/O error")
ARGUMENTS = ["--children", "6", "--control", "random", *SMALL, "--workers", "0"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The same search where there is room."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert main([*ARGUMENTS, "--run", str(folder)]) == 0
    return folder


def named(capsys):
    """The one line that names the file, and says why."""
    line = said(capsys)
    assert FULL.search(line), line
    return line


@pytest.mark.parametrize("left", [0, 60_000])
def test_a_search_goes_on_when_there_is_room_again(
    tmp_path, capsys, monkeypatch, whole, left, times
):
    """The whole run lies on the disk, which is full from the start or soon."""
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 0.0)
    disk = tmp_path / "disk"
    with small_disk(disk, "4m"):
        run = disk / "run"
        arguments = [*ARGUMENTS, "--run", str(run)]
        assert main([*arguments, "--children", "2"]) == 0
        steps, full = random.Random(left), 0
        for turn in range(2 if times == 1 else 20):
            room = left if turn == 0 else steps.randint(0, 200_000)
            filling = fill(disk, room)
            before = evaluations(run)
            status = main(["--resume", "--children", "6", "--quiet", "--run", str(run)])
            assert status in (0, 2)
            if status == 2:
                full += 1
                named(capsys)
                assert evaluations(run).items() >= before.items()
            filling.unlink()
        assert full or left
        assert main(["--resume", "--children", "6", "--quiet", "--run", str(run)]) == 0
        assert figures(run) == figures(whole)


def evaluations(run):
    store = open_store(run / "results.sqlite")
    try:
        return {request.key: evaluation for request, evaluation in store.evaluations()}
    finally:
        store.close()


def test_checkpoints_that_do_not_fit_leave_the_one_before(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 0.0)
    run = tmp_path / "run"
    arguments = ["--children", "8", *SMALL, "--workers", "0", "--run", str(run)]
    resume = ["--resume", "--quiet", "--run", str(run)]
    assert stopped_at(16, lambda: main(arguments), signal.SIGINT) == 130
    before = read_checkpoint(run / "checkpoint")
    assert before is not None and 0 < before.episodes < 8
    shutil.copytree(run / "checkpoint", tmp_path / "kept")
    with small_disk(run / "checkpoint", "2m"):
        shutil.copytree(tmp_path / "kept", run / "checkpoint", dirs_exist_ok=True)
        filling = fill(run / "checkpoint")
        capsys.readouterr()
        assert main(resume) == 2
        assert "checkpoint" in named(capsys)
        found = read_checkpoint(run / "checkpoint")
        assert found is not None and found.episodes == before.episodes
        filling.unlink()
        assert main(resume) == 0
        found = read_checkpoint(run / "checkpoint")
        assert found is not None and found.episodes == 8


def test_a_shared_store_that_is_full_loses_nothing(tmp_path, capsys):
    disk, run = tmp_path / "disk", tmp_path / "run"
    with small_disk(disk, "1m"):
        arguments = [*SMALL, "--workers", "0", "--run", str(run), "--store", str(disk / "s")]
        assert main(["--children", "2", *arguments]) == 0
        filling = fill(disk)
        assert main(["--resume", "--children", "8", "--quiet", "--run", str(run)]) == 2
        assert str(disk / "s") in named(capsys)
        filling.unlink()
        assert main(["--resume", "--children", "8", "--quiet", "--run", str(run)]) == 0
        assert summary_of(run)["children"] == 8


@pytest.mark.parametrize("tracker", ["tensorboard", "wandb"])
def test_a_tracker_that_is_full_is_switched_off(tmp_path, caplog, monkeypatch, tracker):
    monkeypatch.setenv("WANDB_MODE", "offline")
    run = tmp_path / "run"
    arguments = [*SMALL, "--workers", "0", "--run", str(run)]
    assert main(["--children", "2", *arguments]) == 0
    with small_disk(run / tracker, "256k"):
        fill(run / tracker)
        more = ["--resume", "--children", "4", "--track", tracker, "--quiet", "--run", str(run)]
        assert main(more) == 0
        assert summary_of(run)["children"] == 4
    if tracker == "tensorboard":
        assert "the search goes on without it" in caplog.text


def test_a_picture_that_does_not_fit_ends_nothing(tmp_path, caplog):
    disk = tmp_path / "disk"
    with small_disk(disk, "64k"):
        fill(disk)
        assert not save_picture(Figure(), disk / "best.png")
        assert FULL.search(caplog.text) and "goes on without the picture" in caplog.text
        assert not (disk / "best.png").exists()
