"""A progress bar for a person who waits: on a terminal alone, and not for what is soon done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SOON = 1.0  # seconds


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr within the block, after a second, if that is a terminal.

    Args:
        label: What goes on.
        total: The number of steps.

    Yields:
        A function that is told the number of steps since its last call.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    console = Console(stderr=True)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn()
    progress = Progress(*columns, Left(), console=console)
    task = progress.add_task(label, total=total)
    begun = time.monotonic()

    def told(steps: int) -> None:
        progress.advance(task, steps)
        if console.is_terminal and time.monotonic() - begun > SOON:
            progress.start()  # once more does nothing

    try:
        yield told
    finally:
        if console.is_terminal:
            progress.stop()
