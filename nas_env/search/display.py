"""The display of a running search: what it shows, and that it looks at the clock."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console

from nas_env.evaluation._usage import Usage
from nas_env.evaluation._work import Child, Work
from nas_env.metrics import Metric
from nas_env.run.at_work import MOST, AtWork, tell, tell_no_more
from nas_env.search._moments import duration
from nas_env.search._outputs import State, output_for

Record = Mapping[str, Any]

TICK = 0.5  # seconds between two looks at what goes on
TELL_EVERY = 1.0  # seconds between two files for who watches
LONG = 10.0  # seconds after which a child at work is shown
SHOWN = 3  # children at work, at most


class Display:
    """Shows the best so far, the last child, rate, busy share, time left, and children at work.

    In a terminal or a notebook a line or two are kept up to date; elsewhere a line is printed from
    time to time, without control characters. A thread of its own looks at the clock.

    Args:
        console: Where the lines go.
        label: What is searched by which agent.
        children: The budget.
        done: How many episodes were finished before; they are answered at once.
        work: The children at work; None where nothing is trained.
        metric: The metric that is shown of a child at work.
        expected: Seconds that the search will probably take, from now on; None if unknown.
        seconds_left: Seconds after which no more children begin.
        usage: Gives how busy the evaluator's slots have been; nothing is shown without it.
        workers: How many children can be trained at the same time.
        folder: Folder of the run, in which who watches it is told of the children at work; None
            where nobody can.
        clock: Gives the seconds since some moment, as :class:`Work` does.
    """

    def __init__(
        self,
        console: Console,
        label: str,
        children: int,
        done: int = 0,
        *,
        work: Work | None = None,
        metric: Metric | None = None,
        expected: float | None = None,
        seconds_left: float = math.inf,
        usage: Callable[[], Usage] = Usage,
        workers: int = 1,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.console, self.label, self.children, self.done = console, label, children, done
        self.work, self.metric, self.expected = work or Work(), metric, expected
        self.seconds_left, self.usage = seconds_left, usage
        self.workers, self.folder = workers, folder
        self._clock = clock
        self._began = clock()
        self.output = output_for(console, self._began)
        self._told = -math.inf
        self._number, self._figures = done, ""
        # From a child's number among those at work to its own.
        self._offset = done - self.work.begun
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Display:
        self.output.begin(self._state(self._clock()))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        if kind is None and self.done < self._number < self.children:  # its minutes are over
            self.show(last=True)
        self.output.end()
        if self.folder is not None:
            tell_no_more(self.folder)

    def child(self, number: int, record: Record, best: Record | None) -> None:
        """Show a finished episode."""
        last = short(record["reward"]) if record["status"] == "ok" else record["status"]
        self._number = max(number, self.done)  # what was played before is played once more
        self._figures = f"best {short(best['reward']) if best else 'none yet'}  last {last}"
        if not self.work.children():  # the next to begin is the next episode
            self._offset = self._number - self.work.begun
        if number == self.children:
            self.show(last=True)

    def update(self, number: int, log: Mapping[str, float]) -> None:
        """Show nothing of what the agent has learned."""

    def show(self, *, last: bool = False) -> None:
        """Bring what is shown up to date; in a log file, if a line is due, or it is the last."""
        with self._guard:
            self.output.show(self._state(self._clock()), last=last)

    def _state(self, now: float) -> State:
        shown = self._shown()
        news = shown, [child.progress for child in self._long(now)]
        told = self._line(now), self._at_work(now)
        return State(self.label, shown, self.children, *told, news, now)

    def _watch(self) -> None:
        while not self._over.wait(TICK):
            self.show()
            now = self._clock()
            if self.folder is not None and now - self._told >= TELL_EVERY:
                tell(self.folder, self._now(now))
                self._told = now

    def _now(self, now: float) -> AtWork:
        """Return what is told to who watches the run."""
        children, rate = self.work.children(), self._rate(now)
        return AtWork(
            workers=self.workers,
            at_work=len(children),
            children=[self._child(child, now) for child in children[:MOST]],
            children_per_hour=None if rate is None else round(rate, 1),
            busy=self.usage().utilisation,
            seconds_left=self._left(now),
        )

    def _child(self, child: Child, now: float) -> dict[str, Any]:
        """Return what is told of a child at work, as JSON values."""
        epoch, epochs, values = child.progress or (None, None, {})
        return {
            "child": self._offset + child.number,
            "seconds": round(now - child.began, 1),
            "epoch": epoch,
            "epochs": epochs,
            "values": {name: value for name, value in values.items() if math.isfinite(value)},
            "architecture": child.architecture,
            "worker": child.worker,
        }

    def _shown(self) -> int:
        """The episodes that are finished, those included that wait for the rest of their batch."""
        return min(self.children, max(self._number, self._offset + self.work.ended))

    def _line(self, now: float) -> str:
        """The best and last reward, rate, busy share and time left, as far as they are known."""
        rate = self._rate(now)
        left, share = self._left(now), self.usage().utilisation
        parts = (
            self._figures,
            "" if rate is None else f"{rate:,.0f}/h",
            "" if share is None else f"{share:.0%} busy",
            "" if left is None else f"{duration(left)} left",
        )
        return "  ".join(filter(None, parts))

    def _rate(self, now: float) -> float | None:
        """Return the children per hour of this process; None before the first is done."""
        finished = self._shown() - self.done
        return 3600 * finished / max(now - self._began, 1e-9) if finished else None

    def _left(self, now: float) -> float | None:
        """Seconds that are left: as expected until a child is done, then as measured."""
        passed = now - self._began
        finished = self._shown() - self.done
        if self._shown() == self.children:
            return None
        if finished == 0:
            return self.expected - passed if self.expected and self.expected > passed else None
        begun = (child.progress for child in self.work.children())
        finished += sum(p.epoch / p.epochs for p in begun if p is not None)
        left = self.children - self.done - finished
        until = self.seconds_left - passed
        return min(until, max(left, 0.0) * passed / finished) if until > 0 else None

    def _long(self, now: float) -> list[Child]:
        return [child for child in self.work.children() if now - child.began >= LONG]

    def _at_work(self, now: float) -> str:
        """Describe children that take long: ``child 3: epoch 2/5, accuracy 0.410, 34 s``."""
        children = self._long(now)
        texts = [
            f"child {self._offset + child.number}: {_stage(child, self.metric)}"
            f"{duration(now - child.began)}"
            for child in children[:SHOWN]
        ]
        more = len(children) - SHOWN
        return "; ".join([*texts, *([f"{more} more"] if more > 0 else [])])


def _stage(child: Child, metric: Metric | None) -> str:
    """Return the progress of a child, with a comma at its end."""
    if child.progress is None:
        return ""
    epoch, epochs, values = child.progress
    if metric is None or metric.name not in values:
        return f"epoch {epoch}/{epochs}, "
    return f"epoch {epoch}/{epochs}, {metric.short} {short(values[metric.name])}, "


def short(value: float) -> str:
    """Return three places, or three digits of what is small and four of what is large.

    Example:
        >>> short(0.91234), short(0.0185123), short(1234.5)
        ('0.912', '0.0185', '1234')
    """
    if abs(value) >= 100:
        return f"{value:.4g}"
    return f"{value:.3g}" if 0 < abs(value) < 0.1 else f"{value:.3f}"
