"""The exit status of a command that trains: one line for what went wrong, never a traceback."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TypeVar

from rich.console import Console

from nas_env.errors import ChildrenFail, InvalidArchitecture, InvalidValue, NASError
from nas_env.run.store import censored

NONE_SUCCEEDED, BAD_INPUT, INTERRUPTED = 1, 2, 130

Wanted = TypeVar("Wanted")


STOPPED = "stopped; the same command goes on where it was"


def called(
    program: str,
    read: Callable[[], Wanted],
    work: Callable[[Wanted], None],
    *,
    stopped: str = STOPPED,
) -> int:
    """Do what a command line asks for, and return the exit status of the program.

    Args:
        program: Name of the program.
        read: Function that reads the command line.
        work: Function that does what was read.
        stopped: Line that is printed where the work was interrupted; empty for none.

    Returns:
        0; 1 where no child could be trained, 2 for bad input, 130 when interrupted.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    begun = False
    try:
        wanted = read()
        begun = True
        work(wanted)
    except (ChildrenFail, InvalidValue, InvalidArchitecture, NASError) as error:
        errors.print(f"{program}: {censored(str(error))}", markup=False)
        return NONE_SUCCEEDED if type(error) is ChildrenFail else BAD_INPUT
    except KeyboardInterrupt:
        if begun and stopped:
            errors.print(stopped, markup=False)
        return INTERRUPTED
    return 0
