"""The ways to show how far a search is: in a terminal, in a log file, in a notebook."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from html import escape
from typing import Any, NamedTuple

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Column
from rich.text import Text

LINE_EVERY = 10.0  # seconds between two lines with news in a log file
LINE_AT_LEAST_EVERY = 60.0  # seconds after which a line comes without any news
CELL_EVERY = 2.0  # seconds between two changes of a cell in a notebook
KERNEL = "JPY_PARENT_PID"  # what Jupyter tells the processes of a notebook


class State(NamedTuple):
    """The progress of a search at one moment.

    Attributes:
        label: What is searched by which agent.
        done: Children that are done.
        children: The budget.
        figures: The best and the last reward, the rate and so on.
        at_work: The children at work that take long; empty for none.
        news: Equal to that of another moment if there is no news between them.
        now: Seconds since some moment.
    """

    label: str
    done: int
    children: int
    figures: str
    at_work: str
    news: Any
    now: float

    @property
    def line(self) -> str:
        """All of it in a line."""
        parts = self.label, f"{self.done}/{self.children}", self.figures, self.at_work
        return "  ".join(filter(None, parts))


class Output(ABC):
    """Shows how far a search is.

    Args:
        console: Where it is shown.
        now: Seconds of the clock at the beginning.
    """

    def __init__(self, console: Console, now: float):
        self.console = console

    def begin(self, state: State) -> None:  # noqa: B027 - most have nothing to do
        """Begin to show it."""

    @abstractmethod
    def show(self, state: State, *, last: bool) -> None:
        """Show a moment; the last one in any case."""

    def end(self) -> None:  # noqa: B027
        """Show no more."""


def output_for(console: Console, now: float) -> Output:
    """Return how a search is shown on a console, from a moment of its clock on."""
    if console.quiet:
        return Log(console, now)
    if console.is_jupyter:
        return Notebook(console, now)
    if is_called_in_notebook():
        return Cell(console, now)
    return Terminal(console, now) if console.is_terminal else Log(console, now)


def is_called_in_notebook() -> bool:
    """Tell whether this process was begun by a cell of a notebook, as by ``!nas-train``.

    What it prints looks like a terminal then, but only knows the return to a line's beginning.
    """
    return KERNEL in os.environ


class Terminal(Output):
    """A line that is kept up to date, and a second one where children take long."""

    def __init__(self, console: Console, now: float):
        super().__init__(console, now)
        self.lines = _Lines(console)
        self._bar = self.lines.add_task("", figures="")

    def begin(self, state: State) -> None:
        """See the base."""
        self.show(state, last=False)
        self.lines.start()

    def show(self, state: State, *, last: bool) -> None:
        """See the base."""
        self.lines.at_work = state.at_work
        self.lines.update(
            self._bar,
            description=state.label,
            total=state.children,
            completed=state.done,
            figures=state.figures,
        )

    def end(self) -> None:
        """See the base."""
        self.lines.stop()


class Log(Output):
    """Lines from time to time, without control characters."""

    def __init__(self, console: Console, now: float):
        super().__init__(console, now)
        self._printed, self._news = now, None

    def show(self, state: State, *, last: bool) -> None:
        """See the base."""
        waited = state.now - self._printed
        due = waited >= (LINE_EVERY if state.news != self._news else LINE_AT_LEAST_EVERY)
        if last or due:
            self.console.print(state.line, soft_wrap=True)
            self._printed, self._news = state.now, state.news


class Changing(Output):
    """A line that is changed now and then, in a cell of a notebook."""

    def __init__(self, console: Console, now: float):
        super().__init__(console, now)
        self._changed, self._line = float("-inf"), ""

    def begin(self, state: State) -> None:
        """See the base: the output is made here, since it belongs to the cell of this thread."""
        self.show(state, last=False)

    def show(self, state: State, *, last: bool) -> None:
        """See the base."""
        due = state.now - self._changed >= CELL_EVERY
        if state.line != self._line and (last or due):
            self.change(state.line)
            self._changed, self._line = state.now, state.line

    @abstractmethod
    def change(self, line: str) -> None:
        """Show another line in place of the last."""


class Notebook(Changing):
    """The one output of a cell, by IPython."""

    def __init__(self, console: Console, now: float):
        super().__init__(console, now)
        self._handle: Any = None

    def change(self, line: str) -> None:
        """See the base."""
        from IPython.display import display

        content = {"text/plain": line, "text/html": f"<pre>{escape(line)}</pre>"}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


class Cell(Changing):
    """The last line that a process prints in a cell."""

    def change(self, line: str) -> None:
        """See the base."""
        self.console.file.write("\r" + line.ljust(len(self._line)))
        self.console.file.flush()

    def end(self) -> None:
        """See the base."""
        if self._line:
            self.console.file.write("\n")


class _Lines(Progress):
    """The line of a terminal, and below it a line of the children at work, if there are any."""

    at_work = ""

    def __init__(self, console: Console):
        super().__init__(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24 if console.width >= 110 else 8),
            MofNCompleteColumn(),
            TextColumn(
                "{task.fields[figures]}",
                markup=False,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            console=console,
            expand=True,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """Give the lines."""
        yield self.make_tasks_table(self.tasks)
        if self.at_work:
            yield Text(f"  {self.at_work}", no_wrap=True, overflow="ellipsis")
