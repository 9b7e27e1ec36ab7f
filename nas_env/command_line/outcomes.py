"""The exit status of a command: one line for what went wrong, never a traceback."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import TypeVar

from nas_env.errors import ChildrenFail, InvalidArchitecture, InvalidValue, NASError
from nas_env.run.store import censored

#: No child could be trained; a wrong word or file; Ctrl-C (128 and its signal's number, by custom).
NONE_SUCCEEDED, BAD_INPUT, INTERRUPTED = 1, 2, 130

STOPPED = "stopped; the same command goes on where it was"

Wanted = TypeVar("Wanted")


def called(
    program: str,
    read: Callable[[], Wanted],
    work: Callable[[Wanted], int | None],
    *,
    stopped: str = STOPPED,
    sigterm: bool = True,
) -> int:
    """Do what a command line asks for, and return the exit status of the program.

    Args:
        program: Name of the program.
        read: Function that reads the command line.
        work: Function that does what was read; it may return a status of its own.
        stopped: Line that is printed where the work was interrupted; empty for none.
        sigterm: Whether SIGTERM interrupts the program as Ctrl-C does.

    Returns:
        0, or the status of the work; 1 where no child could be trained, 2 for bad input, 130 when
        interrupted.
    """
    if sigterm:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    begun = False
    try:
        wanted = read()
        begun = True
        return work(wanted) or 0
    except (ChildrenFail, InvalidValue, InvalidArchitecture, NASError) as error:
        print(f"{program}: {censored(str(error))}", file=sys.stderr)
        return NONE_SUCCEEDED if type(error) is ChildrenFail else BAD_INPUT
    except KeyboardInterrupt:
        if begun and stopped:
            print(stopped, file=sys.stderr)
        return INTERRUPTED
