"""The keys that are pressed while something is shown in a terminal."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LEAVE = (b"q", b"Q")


@contextmanager
def keys() -> Iterator[Callable[[float], bool]]:
    """Take keys as they are pressed, without a line's end; afterwards the terminal is as before.

    Yields:
        A function that waits so many seconds, or until q is pressed, and tells whether it was.
        Where the input is no terminal, it waits.
    """
    if not sys.stdin.isatty():
        yield _wait
        return
    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)
    tty.setcbreak(file)  # Ctrl-C stays what it is
    try:
        yield lambda seconds: _pressed(file, seconds)
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def _wait(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _pressed(file: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if select.select([file], [], [], left)[0]:
            key = os.read(file, 1)
            if not key or key in LEAVE:  # no key: the terminal is gone
                return True
    return False
