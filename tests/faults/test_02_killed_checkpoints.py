"""Row 2: a search that is killed while it writes a checkpoint loses at most that one."""

import os
import random
import signal
import time

import torch

from nas_env.search.checkpoint import KEPT, Checkpoint, read_checkpoint, write_checkpoint
from tests._killing import append, forked, killed_at


def checkpoint_of(number):
    return Checkpoint(number, {"w": torch.full((20_000,), float(number))}, {"number": number})


def test_a_kill_at_a_random_moment_of_writing(tmp_path, times, figures):
    folder, log, moments = tmp_path / "checkpoint", tmp_path / "log", random.Random(0)

    def write(last):
        while True:
            last += 1
            write_checkpoint(folder, checkpoint_of(last))
            append(log, str(last))

    last, kills = 0, 10 * times
    for _ in range(kills):
        writer = forked(lambda last=last: write(last))
        time.sleep(moments.uniform(0.02, 0.2))
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)
        acknowledged = int(log.read_text().split()[-1]) if log.exists() else 0
        known = max(acknowledged, last)
        found = read_checkpoint(folder) if folder.exists() else None
        last = found.episodes if found is not None else 0
        assert known <= last <= known + 1
        if found is not None:
            assert found.values == {"number": last} and (found.tensors["w"] == last).all()
    assert last > kills / 5
    figures(kills=kills, checkpoints=last, loadable=kills)


def test_a_kill_at_any_step_of_writing_leaves_a_checkpoint(tmp_path, figures):
    folder, log = tmp_path / "checkpoint", tmp_path / "log"

    def write(last):
        for number in range(last + 1, last + 6):
            weights = torch.full((20_000,), float(number))
            write_checkpoint(folder, Checkpoint(number, {"w": weights}, {"number": number}))
            append(log, str(number))

    written, step = 0, 1
    while killed_at(step, lambda last=written: write(last)):
        acknowledged = int(log.read_text().split()[-1]) if log.exists() else 0
        checkpoint = read_checkpoint(folder)
        if checkpoint is None:
            assert acknowledged == 0
        else:
            assert checkpoint.episodes >= acknowledged
            assert checkpoint.values == {"number": checkpoint.episodes}
            assert (checkpoint.tensors["w"] == checkpoint.episodes).all()
            written = checkpoint.episodes
        step += 1
    assert step > 40 and written > 40
    assert len(list(folder.glob("*.json"))) <= KEPT + 1
    figures(kills=step - 1, loadable=step - 1)
