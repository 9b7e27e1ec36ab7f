"""Forks work off a process that has everything imported, and kills it without warning."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def killed_after(seconds: float, work: Callable[[], int | None]) -> bool:
    """Run ``work`` in a fork and ``kill -9`` it after a while.

    Returns:
        Whether it was killed; a fork that ended by itself must have ended well.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = int(work() or 0)
        finally:
            os._exit(status)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert os.waitstatus_to_exitcode(status) == 0
            return False
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def append(path: Path, line: str) -> None:
    """Add a line that is on disk when this returns."""
    with path.open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
