"""The tables that a person sees when a search is finished."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from nas_env.search.summary import PARTS

#: The figures of a best child, or of a reference, that are no metrics.
NO_METRICS = frozenset(
    {"architecture", "status", "reward", "interval", "parameters", "flops", "child"}
)
INTERVAL = "95% interval"  # of the main metric


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
    metrics = _metrics(next(iter(summary["references"].values())))
    table = Table(title="by the same recipe, at most as large")
    told = any("interval" in figures for figures in found.values())
    interval = (INTERVAL,) if told else ()
    for column in ("", *map(_title, metrics), *interval, "reward", "parameters"):
        table.add_column(column, justify="right" if column else "left")
    for name, figures in found.items():
        numbers = [_number(figures.get(metric)) for metric in metrics]
        numbers += [_range(figures.get("interval", ())) for _ in interval]
        numbers += [_number(figures.get("reward")), f"{figures['parameters'] or 0:,}"]
        table.add_row(name, *numbers)
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
    rows |= _measured(best, figures.get("guessing", {}))
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
        **_busy(figures),
        "seconds a child": _seconds_a_child(figures),
        **{
            f"seconds to {PARTS[part]}": f"{seconds:,.1f}"
            for part, seconds in (figures.get("seconds_of_children") or {}).items()
        },
    }


def _busy(figures: Mapping[str, Any]) -> dict[str, str]:
    """Return how busy workers were, and the time of a simulated clock, where they are known."""
    share, simulated = figures.get("utilisation"), figures.get("simulated")
    rows = {} if share is None else {"workers busy": f"{share:.0%}"}
    if simulated:
        rows["simulated seconds"] = f"{simulated['seconds']:,.0f}"
        rows["simulated children per hour"] = f"{simulated['children_per_hour'] or 0:,.0f}"
    return rows


def _measured(best: Mapping[str, Any], guessing: Mapping[str, float]) -> dict[str, str]:
    """Return the metrics of a best child; the main one is first, and its interval beside it."""
    rows: dict[str, str] = {}
    for name in _metrics(best):
        first = not rows
        rows[_label(name)] = _number(best[name])
        if first and "interval" in best:
            rows[INTERVAL] = _range(best["interval"])
        if first and name in guessing:
            rows["constant guess"] = _number(guessing[name])
    return rows


def _seconds_a_child(figures: Mapping[str, Any]) -> str:
    """Return the measured seconds of a child beside the estimated ones."""
    measured = figures["seconds_a_child"]
    expected = figures["estimated_seconds_a_child"]
    if measured is None:
        return ""
    return f"{measured:.3g}" + (f" (estimated: {expected:.3g})" if expected else "")


def _metrics(figures: Mapping[str, Any]) -> list[str]:
    """Return the names of the metrics to show; a margin is shown as the interval that it makes."""
    return [n for n in figures if n not in NO_METRICS and not n.endswith("_margin")]


def _label(name: str) -> str:
    """``validation_accuracy`` -> ``best validation accuracy``; a test metric is not searched by."""
    text = _title(name)
    return f"best {text}" if name.startswith("validation_") else f"{text} of the best"


def _title(name: str) -> str:
    return name.replace("_", " ")


def _range(interval: Sequence[float]) -> str:
    return " to ".join(map(_number, interval))


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if value < 10 else f"{value:.2f}"  # a perplexity has no more
