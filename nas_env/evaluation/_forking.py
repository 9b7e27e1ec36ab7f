"""The life of a fork server: it has all imported that a worker needs, and forks when asked to."""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from nas_env.evaluation._fork_server import FORK, MESSAGE
from nas_env.evaluation._fork_shared import locked
from nas_env.evaluation._last_words import LastWords
from nas_env.evaluation._worker import work

#: What torch imports, for seconds, when it first counts FLOPs and first makes an optimiser.
IMPORTED_LATE = ("torch.utils.flop_counter", "torch._dynamo")
CALLER_GONE = 1.0  # seconds between two looks whether the caller lives
LINGER = 5.0  # seconds that a server waits for further callers
_PR_SET_PDEATHSIG = 1


def serve(descriptor: int) -> None:
    """Fork workers for one caller, until it is gone."""
    _prepare()
    signal.setitimer(signal.ITIMER_REAL, 0)  # from here on it hears when its line ends
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _Server([socket.socket(fileno=descriptor)]).run()


def serve_several(descriptor: int) -> None:
    """Fork workers for the callers that join at a socket, until all have been gone for a while."""
    _prepare()
    _Server([], socket.socket(fileno=descriptor)).run()


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's
    for module in IMPORTED_LATE:
        importlib.import_module(module)


class _Forked(NamedTuple):
    caller: socket.socket  # who it was forked for
    number: int
    line: socket.socket
    words: LastWords


class _Server:
    """Forks, kills and buries workers.

    Each is a process group of its own: what it has started is ended with it.

    Args:
        callers: Where orders come from.
        listening: Where further callers join; None for no others.
    """

    def __init__(self, callers: list[socket.socket], listening: socket.socket | None = None):
        self.callers, self.listening = callers, listening
        self.workers: dict[int, _Forked] = {}  # by process
        self.ended, self.wakeup = socket.socketpair()  # a byte for each worker that ends
        for end in (self.ended, self.wakeup):
            end.setblocking(False)
        signal.set_wakeup_fd(self.wakeup.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> None:
        """Obey until no caller is left; then take all workers along."""
        parent, needed = os.getppid(), time.monotonic()
        while self.callers or not self.over(needed):
            ready = self.ready()
            if self.ended in ready:
                self.ended.recv(1024)
                self.bury()
            for each in self.workers.values():
                if each.words in ready:
                    each.words.read()
            if self.listening is not None and self.listening in ready:
                self.callers.append(self.listening.accept()[0])
            for caller in [each for each in self.callers if each in ready]:
                if not self.obey(caller):
                    self.leave(caller)
                needed = time.monotonic()
            if self.listening is None and os.getppid() != parent:
                break
        for process in self.workers:
            _end(process)
        os._exit(0)

    def ready(self) -> list[socket.socket | LastWords]:
        """Wait for an order, a caller, words or the end of a worker, no longer than a moment."""
        further = [] if self.listening is None else [self.listening]
        words = [each.words for each in self.workers.values() if not each.words.over]
        ends = [self.ended, *further, *self.callers, *words]
        return select.select(ends, [], [], CALLER_GONE)[0]

    def over(self, needed: float) -> bool:
        """Tell whether nobody needs the server any more; then nobody can join it either.

        Args:
            needed: Time of the last order, by ``time.monotonic``.
        """
        if self.listening is None:
            return True
        if time.monotonic() - needed < LINGER:
            return False
        file = Path(self.listening.getsockname())
        with suppress(FileNotFoundError), locked(file):  # its folder may be gone, and so its use
            if select.select([self.listening], [], [], 0)[0]:
                return False
            file.unlink(missing_ok=True)
        return True

    def obey(self, caller: socket.socket) -> bool:
        """Carry out one order of a caller; False where there is no one left to give any."""
        try:
            message, descriptors, *_ = socket.recv_fds(caller, MESSAGE.size, 1)
        except ConnectionError:
            return False
        if not message:
            return False
        order, number = MESSAGE.unpack(message)
        if order == FORK:
            self.fork(caller, number, socket.socket(fileno=descriptors[0]))
        else:
            self.kill(caller, number)
        return True

    def leave(self, caller: socket.socket) -> None:
        """Kill the workers of a caller that has gone."""
        self.callers.remove(caller)
        self.kill(caller)
        caller.close()

    def kill(self, caller: socket.socket, number: int | None = None) -> None:
        """Kill a worker of a caller, or all of them."""
        for process, each in self.workers.items():
            if each.caller is caller and number in (None, each.number):
                _end(process)

    def fork(self, caller: socket.socket, number: int, line: socket.socket) -> None:
        """Fork a worker at the end of a line; its signals are its own; it dies with the server."""
        words = LastWords()
        if (process := os.fork()) != 0:
            _lead(process)
            words.only_read()
            self.workers[process] = _Forked(caller, number, line, words)
            return
        _lead(os.getpid())
        words.become_output()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        others = [end for each in self.workers.values() for end in (each.line, each.words)]
        for each in (self.ended, self.wakeup, self.listening, *self.callers, *others):
            if each is not None:
                each.close()
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        work(line)

    def bury(self) -> None:
        """Tell on the lines of workers that have ended how they did."""
        while self.workers:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            _end(process)
            ended = self.workers.pop(process)
            while ended.words.read():
                pass
            message = {"exit": os.waitstatus_to_exitcode(status), "output": ended.words.text()}
            ended.words.close()
            with ended.line, suppress(OSError):  # nobody may listen; half a line may stand before
                ended.line.sendall(f"\n{json.dumps(message)}\n".encode())


def _lead(process: int) -> None:
    """Make a process the first of a group; both sides of a fork do, whichever is first."""
    with suppress(OSError):
        os.setpgid(process, process)


def _end(process: int) -> None:
    """Kill a worker and what it has started, also where the worker itself has ended."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
