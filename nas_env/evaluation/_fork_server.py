"""A process with torch imported that forks workers: one starts in hundredths of a second.

It is an interpreter of its own, not a fork of the caller's: it has neither the caller's threads
nor its ``__main__``, so that a notebook and a script without a guard can have workers. It owns the
workers: it is the one who kills them and sees how they end, and when the caller is gone, however
it went, it takes all of them with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress

from nas_env.training.allocator import training_environment

FORK, KILL = 1, 2
MESSAGE = struct.Struct("!BI")  # one of these and a worker's number
CALLER_GONE = 1.0  # seconds between two looks whether the caller lives
_PR_SET_PDEATHSIG = 1


class ForkServer:
    """The caller's side. One serves a whole process; it starts when the first worker is wanted."""

    _shared: ForkServer | None = None
    _guard = threading.Lock()

    @classmethod
    def shared(cls) -> ForkServer:
        """The server of this process, begun anew where the last one is gone."""
        with cls._guard:
            if cls._shared is None or not cls._shared.alive:
                cls._shared = cls()
            return cls._shared

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._numbers = 0
        self._control, theirs = socket.socketpair()
        code = f"from nas_env.evaluation._fork_server import serve; serve({theirs.fileno()})"
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", code],
                env={
                    **training_environment(),
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                },
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    @property
    def alive(self) -> bool:
        """Whether this process has a running server."""
        return self._owner == os.getpid() and self._process.poll() is None

    def fork(self, end: socket.socket) -> int:
        """Have a worker serve the other end of a socket; its number.

        Raises:
            OSError: If the server is gone.
        """
        with self._lock:
            self._numbers += 1
            message = MESSAGE.pack(FORK, self._numbers)
            socket.send_fds(self._control, [message], [end.fileno()])
            return self._numbers

    def kill(self, number: int) -> None:
        """Kill a worker, whatever it does; the end of its socket says that it is gone."""
        with self._lock, suppress(OSError):  # the server is gone, and its workers with it
            self._control.sendall(MESSAGE.pack(KILL, number))


def serve(descriptor: int) -> None:
    """The server's own life: until the caller is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's
    import nas_env.evaluation._worker as worker

    control = socket.socket(fileno=descriptor)
    caller = os.getppid()
    ended, wakeup = socket.socketpair()
    for end in (ended, wakeup):
        end.setblocking(False)
    signal.set_wakeup_fd(wakeup.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    workers: dict[int, tuple[int, socket.socket]] = {}  # by process: the number, the socket
    while os.getppid() == caller:
        ready, _, _ = select.select([control, ended], [], [], CALLER_GONE)
        if ended in ready:
            ended.recv(1024)
            _bury(workers)
        if control in ready:
            message, descriptors, *_ = socket.recv_fds(control, MESSAGE.size, 1)
            if not message:
                break
            order, number = MESSAGE.unpack(message)
            if order == FORK:
                line = socket.socket(fileno=descriptors[0])
                if (process := os.fork()) == 0:
                    for each in (control, ended, wakeup, *(line for _, line in workers.values())):
                        each.close()
                    _settle()
                    worker.work(line)
                workers[process] = number, line
            else:
                for process, (each, _) in workers.items():
                    if each == number:
                        os.kill(process, signal.SIGKILL)
    for process in workers:
        os.kill(process, signal.SIGKILL)
    os._exit(0)


def _bury(workers: dict[int, tuple[int, socket.socket]]) -> None:
    """Say on the sockets of workers that have ended how they did."""
    while workers:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            break
        _, line = workers.pop(process)
        code = os.waitstatus_to_exitcode(status)
        with line, suppress(OSError):  # whoever asked may be gone; a half line may stand before
            line.sendall(f"\n{json.dumps({'exit': code})}\n".encode())


def _settle() -> None:
    """A worker's signals are its own again, and it dies with the server."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
