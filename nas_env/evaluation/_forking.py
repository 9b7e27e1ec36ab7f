"""The life of the fork server: it has all imported that a worker needs, and forks when asked to."""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress

from nas_env.evaluation._fork_server import FORK, MESSAGE
from nas_env.evaluation._worker import work

#: What torch imports, for seconds, when it first counts FLOPs and first makes an optimiser.
IMPORTED_LATE = ("torch.utils.flop_counter", "torch._dynamo")
CALLER_GONE = 1.0  # seconds between two looks whether the caller lives
_PR_SET_PDEATHSIG = 1


def serve(descriptor: int) -> None:
    """The server's own life: until the caller is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's
    for module in IMPORTED_LATE:
        importlib.import_module(module)
    _Server(socket.socket(fileno=descriptor)).run()


class _Server:
    """Forks, kills and buries workers.

    Args:
        control: Where the caller's orders come from.
    """

    def __init__(self, control: socket.socket):
        self.control = control
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
        work(line)

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
