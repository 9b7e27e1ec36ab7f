"""Row 5: processes share a store without a word of locks, and a run's folder is one driver's."""

import contextlib
import os
import signal
import time

import pytest

from nas_env.command_line.train import main
from nas_env.errors import RunInUse, StoreError
from nas_env.run.folder import Run
from nas_env.run.store import _file, open_store
from tests._killing import append, forked
from tests.test_store import OK, request

TABLE = ["--env", "NAS-Bench-Digits-v0", "--quiet", "--agent", "reinforce"]


def test_four_processes_insert_into_one_store(tmp_path, times, figures):
    """Each wants every evaluation, from a place of its own on; who finds one claimed goes on."""
    file, trained, each = tmp_path / "s", tmp_path / "trained", 30 * times

    def work(first):
        with contextlib.closing(open_store(file)) as store:
            wanted = [request((first + number) % (4 * each)) for number in range(4 * each)]
            while wanted:
                asked = wanted.pop(0)
                claimed = store.claim(asked.key)
                if claimed == "mine":
                    append(trained, asked.key)
                    store.put(asked, OK)
                elif claimed == "taken":
                    wanted.append(asked)

    writers = [forked(lambda first=first: work(first * each)) for first in range(4)]
    ends = [os.waitstatus_to_exitcode(os.waitpid(writer, 0)[1]) for writer in writers]
    assert ends == [0] * 4, "one had an error"
    keys = trained.read_text().split()
    assert len(keys) == len(set(keys)) == 4 * each
    with contextlib.closing(open_store(file)) as store:
        assert len(store.evaluations()) == 4 * each
    figures(processes=4, inserts=len(keys), errors=0, trained_twice=0)


def test_a_second_driver_is_refused_and_a_dead_one_is_not_waited_for(tmp_path, within, capsys):
    folder = tmp_path / "run"
    line = [*TABLE, "--children", "2000", "--run", str(folder)]
    driver = forked(lambda: main(line))
    while not (folder / "config.json").exists():
        time.sleep(0.01)
    began = time.monotonic()
    assert main(["--resume", "--run", str(folder)]) == 2
    within(time.monotonic() - began, 1.0, "the second driver was refused")
    assert f"{folder} is in use by process {driver} since" in capsys.readouterr().err
    with pytest.raises(RunInUse, match=f"process {driver}"):
        Run.resume(folder)
    os.kill(driver, signal.SIGKILL)
    began = time.monotonic()
    os.waitpid(driver, 0)
    Run.resume(folder).close()
    within(time.monotonic() - began, 5.0, "the dead driver was recognised")


def test_a_store_that_others_keep_busy_is_waited_for_with_a_line(tmp_path, monkeypatch, caplog):
    file = tmp_path / "s"
    with contextlib.closing(open_store(file)) as other, other._file.writing():
        monkeypatch.setattr(_file, "BUSY", 0.05)
        monkeypatch.setattr(_file, "PATIENCE", 0.2)
        with contextlib.closing(open_store(file)) as store:
            with pytest.raises(StoreError, match="other processes have kept it busy for") as error:
                store.put(request(1), OK)
            assert "locked" not in str(error.value) and "\n" not in str(error.value)
    assert caplog.messages == [
        f"{file}: kept busy by other processes; waiting for at most 0 minutes"
    ]


def test_who_waits_for_a_busy_store_goes_on_when_it_is_free(tmp_path, monkeypatch, caplog):
    file, held = tmp_path / "s", tmp_path / "held"

    def hold():
        with contextlib.closing(open_store(file)) as store, store._file.writing():
            append(held, "yes")
            time.sleep(0.5)

    holder = forked(hold)
    while not held.exists():
        time.sleep(0.01)
    monkeypatch.setattr(_file, "BUSY", 0.05)
    with contextlib.closing(open_store(file)) as store:
        store.put(request(1), OK)
        assert store.get(request(1).key) == OK
    os.waitpid(holder, 0)
    assert "kept busy by other processes" in caplog.text
