"""What a person sees of a search in the terminal: live progress, and a closing table."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from nas_env.summary import PARTS

Record = Mapping[str, Any]
LINE_EVERY = 10.0  # seconds between two lines where the output is no terminal


class Display:
    """Best so far, last child, rate, time left.

    Args:
        console: Where to.
        label: What is searched with what.
        children: The budget.
        done: Episodes that were finished before.
    """

    def __init__(self, console: Console, label: str, children: int, done: int):
        self.console, self.label, self.children, self.done = console, label, children, done
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not console.is_terminal,
            speed_estimate_period=60,
        )
        self.bar = self.progress.add_task(label, total=children, completed=done, figures="")
        self._began = self._printed = time.perf_counter()

    def __enter__(self) -> Display:
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def child(self, number: int, record: Record, best: Record | None) -> None:
        """Show it."""
        now = time.perf_counter()
        rate = 3600 * (number - self.done) / max(now - self._began, 1e-9)
        last = _short(record["reward"]) if record["status"] == "ok" else record["status"]
        figures = (
            f"best {_short(best['reward']) if best else 'none yet'}  last {last}  {rate:,.0f}/h"
        )
        self.progress.update(self.bar, completed=number, figures=figures)
        overdue = now - self._printed > LINE_EVERY or number == self.children
        if not self.console.is_terminal and overdue:
            left = (self.children - number) * 3600 / rate
            self.console.print(
                f"{self.label}  {number}/{self.children}  {figures}  {left:.0f} s left"
            )
            self._printed = now

    def update(self, number: int, log: Mapping[str, float]) -> None:
        """Nothing to show."""


def closing_tables(summary: Mapping[str, Any]) -> list[Table]:
    """The figures of a finished search; and, where there are any, its references beside it."""
    tables = [closing_table(summary)]
    if summary.get("references"):
        tables.append(references_table(summary))
    return tables


def references_table(summary: Mapping[str, Any]) -> Table:
    """The best child beside what the task compares it with, all by one recipe."""
    found = {f"best of {summary['agent']}": summary["best"]}
    if summary.get("random_search"):
        found["best of random search"] = summary["random_search"]["best"]
    found = {name: best for name, best in found.items() if best} | summary["references"]
    metrics = [name for name in next(iter(found.values())) if name.startswith("validation_")]
    table = Table(title="by the same recipe, at most as large")
    for column in ("", *(name.replace("_", " ") for name in metrics), "reward", "parameters"):
        table.add_column(column, justify="right" if column else "left")
    for name, figures in found.items():
        numbers = [_number(figures.get(metric)) for metric in (*metrics, "reward")]
        table.add_row(name, *numbers, f"{figures['parameters'] or 0:,}")
    return table


def closing_table(summary: Mapping[str, Any]) -> Table:
    """The figures of a finished search, beside those of its control."""
    table = Table(title=f"{summary['env']}, seed {summary['seed']}")
    table.add_column("")
    columns = [summary]
    table.add_column(summary["agent"], justify="right")
    if summary.get("random_search"):
        columns.append(summary["random_search"])
        table.add_column("random search", justify="right")
    rows = [_rows(column) for column in columns]
    for name in rows[0]:
        table.add_row(name, *(row.get(name, "") for row in rows))
    return table


def _rows(figures: Mapping[str, Any]) -> dict[str, str]:
    best = figures["best"] or {}
    failed = ", ".join(f"{count} {status}" for status, count in figures["failed"].items())
    rows = {"best reward": _number(best["reward"]) if best else "none succeeded"}
    for name in best:
        if name.startswith(("validation_", "test_", "regret")):
            rows[_label(name)] = _number(best[name])
    if best.get("parameters") is not None:
        rows["parameters of the best"] = f"{best['parameters']:,}"
    return rows | {
        "mean reward": _number(figures["mean_reward"]),
        "mean reward, last quarter": _number(figures["mean_reward_last_quarter"]),
        "children (episodes)": f"{figures['children']:,}",
        "different architectures": f"{figures['distinct']:,}",
        "failed": failed or "0",
        "seconds": f"{figures['seconds']:,.1f}",
        "children per hour": f"{figures['children_per_hour'] or 0:,.0f}",
        **{
            f"seconds to {PARTS[part]}": f"{seconds:,.1f}"
            for part, seconds in (figures.get("seconds_of_children") or {}).items()
        },
    }


def _label(name: str) -> str:
    """``validation_accuracy`` -> ``best validation accuracy``; a test metric is not searched by."""
    text = name.replace("_", " ")
    return f"best {text}" if name.startswith("validation_") else f"{text} of the best"


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if value < 10 else f"{value:.2f}"  # a perplexity has no more


def _short(reward: float) -> str:
    """Three places, or three digits of what is small.

    Example:
        >>> _short(0.91234), _short(0.0185123)
        ('0.912', '0.0185')
    """
    return f"{reward:.3g}" if 0 < abs(reward) < 0.1 else f"{reward:.3f}"
