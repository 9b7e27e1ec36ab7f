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
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

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
    from nas_env.evaluation._worker import work  # and all that workers are forked with

    _Server(socket.socket(fileno=descriptor), work).run()


class _Server:
    """Forks, kills and buries workers.

    Args:
        control: Where the caller's orders come from.
        work: A worker's life at the end of a line; does not return.
    """

    def __init__(self, control: socket.socket, work: Callable[[socket.socket], NoReturn]):
        self.control, self.work = control, work
        self.workers: dict[int, tuple[int, socket.socket]] = {}  # by process: number, its socket
        self.ended, self.wakeup = socket.socketpair()  # a byte for each worker that ends
        for end in (self.ended, self.wakeup):
            end.setblocking(False)
        signal.set_wakeup_fd(self.wakeup.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        """Obey until the caller is gone; then take all workers along."""
        caller = os.getppid()
        while os.getppid() == caller:
            ready, _, _ = select.select([self.control, self.ended], [], [], CALLER_GONE)
            if self.ended in ready:
                self.ended.recv(1024)
                self.bury()
            if self.control in ready and not self.obey():
                break
        for process in self.workers:
            os.kill(process, signal.SIGKILL)
        os._exit(0)

    def obey(self) -> bool:
        """Carry out one order; False where there is no one left to give any."""
        message, descriptors, *_ = socket.recv_fds(self.control, MESSAGE.size, 1)
        if not message:
            return False
        order, number = MESSAGE.unpack(message)
        if order == FORK:
            self.fork(number, socket.socket(fileno=descriptors[0]))
        else:
            for process, (each, _) in self.workers.items():
                if each == number:
                    os.kill(process, signal.SIGKILL)
        return True

    def fork(self, number: int, line: socket.socket) -> None:
        """A worker at the end of a line; its signals are its own, and it dies with the server."""
        if (process := os.fork()) != 0:
            self.workers[process] = number, line
            return
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        lines = (line for _, line in self.workers.values())
        for each in (self.control, self.ended, self.wakeup, *lines):
            each.close()
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        self.work(line)

    def bury(self) -> None:
        """Say on the lines of workers that have ended how they did."""
        while self.workers:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            _, line = self.workers.pop(process)
            code = os.waitstatus_to_exitcode(status)
            with line, suppress(OSError):  # nobody may listen; half a line may stand before
                line.sendall(f"\n{json.dumps({'exit': code})}\n".encode())
