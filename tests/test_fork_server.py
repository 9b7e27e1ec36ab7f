"""A fork server that several processes share: one for all, which ends after the last of them."""

import os
import signal
import socket
import tempfile
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest
from _children import child, pids, running, until

from nas_env.errors import NASError
from nas_env.evaluation._fork_server import ForkServer
from nas_env.evaluation._fork_shared import SharedForkServer, own_folder, place
from nas_env.evaluation._slot import Slot
from nas_env.evaluation._worker import Worker, WorkerDied
from tests._killing import forked
from tests._processes import told


@pytest.fixture
def callers(tmp_path, monkeypatch):
    """Two classes, each as a process of its own has it, with one server."""
    folder = tempfile.TemporaryDirectory(prefix="nas-", dir="/tmp", ignore_cleanup_errors=True)
    monkeypatch.setattr(tempfile, "tempdir", folder.name)  # the path of a socket must be short
    ends = []

    def caller():
        made = type("Caller", (SharedForkServer,), {"name": "test", "_shared": None})
        ends.append(made)
        return made

    yield caller(), caller()
    for each in ends:
        leave(each)
    folder.cleanup()


def leave(caller):
    """What the end of a process does to its line."""
    if caller._shared is not None:
        caller._shared._control.close()


def parents(note):
    """The processes that have written their numbers, each with the process that forked it."""
    numbers = [int(line) for line in note.read_text().split()]
    return {number: told(number).parent for number in numbers}


def test_processes_share_a_server_and_each_takes_its_own_workers_along(callers, tmp_path):
    note = tmp_path / "note"
    first, second = (Worker({"memory_limit": None}, caller) for caller in callers)
    asked = child(note=note)
    answers = [worker.evaluate(asked, "cpu", None) for worker in (first, second)]
    assert [answer.status for answer in answers] == ["ok", "ok"]
    (one, two), (server,) = parents(note), set(parents(note).values())
    assert os.getpid() != server and place("test").exists()
    leave(callers[0])
    with pytest.raises(WorkerDied):
        first.evaluate(asked, "cpu", None)
    until(lambda: not running(one))
    assert second.evaluate(child(1), "cpu", None).status == "ok" and running(two)
    leave(callers[1])
    until(lambda: not running(two))
    until(lambda: not running(server))
    assert not place("test").exists()


def test_a_socket_that_a_killed_server_has_left_is_no_obstacle(callers):
    place("test").touch()
    worker = Worker({"memory_limit": None}, callers[0])
    assert worker.evaluate(child(), "cpu", None).status == "ok"


def test_a_folder_that_others_can_use_is_refused(callers):
    own_folder().chmod(0o755)
    with pytest.raises(NASError, match="must be a folder that only you can use"):
        place("test")


def test_a_server_whose_caller_dies_while_it_imports_does_not_finish_that(tmp_path, monkeypatch):
    """It can obey no order before, and hears of no end of its line."""
    note, finished = tmp_path / "note", tmp_path / "finished"
    slow = tmp_path / "nas_env" / "__init__.py"
    slow.parent.mkdir()
    slow.write_text(
        "import os, pathlib, time\n"
        f"pathlib.Path({str(note)!r}).write_text(str(os.getpid()))\n"
        f"time.sleep(20); pathlib.Path({str(finished)!r}).touch()\n"
    )
    monkeypatch.chdir(tmp_path)  # where the interpreter looks first

    def call():
        ForkServer()
        until(lambda: pids(note))
        os.kill(os.getpid(), signal.SIGKILL)

    os.waitpid(forked(call), 0)
    until(lambda: not running(pids(note)[0]))
    assert not finished.exists()


class Silent(ForkServer):
    """A server that never finishes its imports, so that it reads no order."""

    _shared = None

    def _joined(self):
        ours, self.theirs = socket.socketpair()
        return ours


def test_nobody_waits_for_a_worker_that_is_not_born_yet():
    slot = Slot(None, Silent)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(slot.evaluate, child(), "cpu")
        until(lambda: slot._worker is not None)
        slot.kill()
        with pytest.raises(CancelledError):
            waiting.result(60)
