"""A process with torch imported that forks workers, each within hundredths of a second.

It is an interpreter of its own and not a fork of the caller's. It has neither the caller's threads
nor its ``__main__``, so that a notebook and a script without a guard can have workers. It owns the
workers: it kills them and sees how they end, and it ends all of them when the caller is gone. This
module is the caller's side; the server's side is :mod:`nas_env.evaluation._forking`.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress

from nas_env.training.allocator import training_environment

FORK, KILL = 1, 2
MESSAGE = struct.Struct("!BI")  # FORK or KILL, and a worker's number
#: Python that ends a server whose caller dies during its imports, which take seconds.
WATCHING = """
import os, signal
signal.signal(signal.SIGALRM, lambda *_: os.getppid() == {caller} or os._exit(1))
signal.setitimer(signal.ITIMER_REAL, 0.5, 0.5)
"""


class ForkServer:
    """The caller's side of a server; a process has one, which starts with its first worker."""

    _shared: ForkServer | None = None
    _guard = threading.Lock()

    @classmethod
    def shared(cls) -> ForkServer:
        """Return the server of this process; start a new one if the last one is gone."""
        with cls._guard:
            if cls._shared is None or not cls._shared.alive:
                cls._shared = cls()
            return cls._shared

    def __init__(self) -> None:
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._numbers = 0
        self._control = self._joined()

    def _joined(self) -> socket.socket:
        """Start the server, and return the line to it."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = start("serve", theirs, WATCHING.format(caller=self._owner))
        return ours

    @property
    def alive(self) -> bool:
        """True if this process has a running server, which says nothing while it runs."""
        if self._owner != os.getpid():
            return False
        try:
            return bool(self._control.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def fork(self, end: socket.socket) -> int:
        """Fork a worker that serves the other end of a socket; return its number.

        Raises:
            OSError: If the server is gone.
        """
        with self._lock:
            self._numbers += 1
            message = MESSAGE.pack(FORK, self._numbers)
            socket.send_fds(self._control, [message], [end.fileno()])
            return self._numbers

    def kill(self, number: int) -> None:
        """Kill a worker, whatever it does; its socket closes when it is gone."""
        with self._lock, suppress(OSError):  # the server is gone, and its workers with it
            self._control.sendall(MESSAGE.pack(KILL, number))


def start(function: str, line: socket.socket, before: str = "") -> subprocess.Popen[bytes]:
    """Start an interpreter for a function of the server's side, which is given a socket.

    Args:
        function: Name of the function.
        line: The socket.
        before: Python that is run before anything is imported.
    """
    call = f"from nas_env.evaluation._forking import {function}; {function}({line.fileno()})"
    return subprocess.Popen(
        [sys.executable, "-c", before + call],
        env={**training_environment(), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        pass_fds=[line.fileno()],
    )
