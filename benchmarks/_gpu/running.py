"""Runs a check in a process of its own, within a time of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from benchmarks._gpu.scale import Scale
from nas_env.errors import InvalidValue

#: A fork has torch imported already; it comes before anything of CUDA, which no fork survives.
CONTEXT = get_context("fork")


class Check(NamedTuple):
    """A check.

    Attributes:
        run: Function that yields the figures as they are measured; ``"right"`` says whether all
            is as it should be.
        seconds: Seconds that it may take.
    """

    run: Callable[[Scale], Iterator[dict[str, Any]]]
    seconds: float


def carried_out(check: Check, scale: Scale, seconds: float) -> Iterator[dict[str, Any]]:
    """Yield the figures of a check as they come; what goes wrong with it is one of them."""
    if seconds <= 0:
        yield wrong("no time was left")
        return
    receiver, sender = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_check, args=(check, scale, sender))
    process.start()
    sender.close()
    until = time.monotonic() + seconds
    try:
        while receiver.poll(max(0.0, until - time.monotonic())):
            yield receiver.recv()
        yield wrong(f"not done within {seconds:.0f} seconds")
    except EOFError:
        process.join()
        if process.exitcode:
            yield wrong(f"its process ended with status {process.exitcode}")
    finally:
        process.kill()
        process.join()


def wrong(error: str) -> dict[str, Any]:
    """Return the figures of a check that came to nothing."""
    return {"right": False, "error": error}


def _check(check: Check, scale: Scale, sender: Connection) -> None:
    """Send the figures of a check."""
    try:
        for figures in check.run(scale):
            sender.send(figures)
    except InvalidValue as error:
        sender.send(wrong(str(error)))
    except Exception as error:
        text = str(error).strip().splitlines()
        sender.send(wrong(f"{type(error).__name__}: {text[0] if text else ''}"))
