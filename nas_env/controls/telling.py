"""The table and the sentences that a person reads of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.table import Table

from nas_env.benchmark._statistics import mean_interval
from nas_env.controls.comparison import Compared
from nas_env.controls.curves import Curve


def name_of(count: int) -> str:
    """Return how the mean of so many is called."""
    return "best" if count == 1 else f"mean of the best {count}"


def table(compared: Compared) -> Table:
    """Return the means after all children and, where it is known, after equal seconds."""
    found = Table(title=f"{compared.env}: {compared.metric.title}, {_over(compared)}")
    found.add_column("")
    for name in (compared.agent, "random", "advantage", "95% interval"):
        found.add_column(name, justify="right")
    for curves, unit in ((compared.over_children, "children"), (compared.over_seconds, "seconds")):
        for count, curve in curves.items():
            if curve is not None:
                name = "best" if count == 1 else f"best {count}, mean"
                found.add_row(name, *_cells(curve))
        if ends := sorted({round(curve.x[-1]) for curve in curves.values() if curve is not None}):
            found.add_row(f"after {ends[0]:,} {unit}", end_section=True)
    return found


def sentences(compared: Compared, counts: Sequence[int]) -> list[str]:
    """Return what the comparison says, and what it leaves out.

    Args:
        compared: The comparison.
        counts: Numbers of the best that were asked for.
    """
    lines = [_verdict(compared, *pair) for pair in compared.over_children.items()]
    for count in counts:
        if count not in compared.over_children:
            lines.append(
                f"left out: the {name_of(count)}, since a search has fewer different networks"
            )
    if compared.longest > compared.children:
        lines.append(
            f"compared over {compared.children:,} children, which all searches have; the longest "
            f"has {compared.longest:,}"
        )
    return lines


def _verdict(compared: Compared, count: int, curve: Curve) -> str:
    """Return who is ahead, and whether that may be chance, in one sentence."""
    ahead = mean_interval(curve.advantage[:, -1])
    where = "ahead of" if ahead.value >= 0 else "behind"
    start = (
        f"After {compared.children:,} children the {name_of(count)} of {compared.agent} is "
        f"{_number(abs(ahead.value), curve)} {where} that of random search"
    )
    if len(compared.runs) == 1:
        return f"{start}; a single run does not tell whether that is chance."
    chance = "may be chance" if ahead.low <= 0 <= ahead.high else "is more than chance"
    return f"{start}, which {_over(compared)} {chance}."


def _over(compared: Compared) -> str:
    count = len(compared.runs)
    return "over one run" if count == 1 else f"over {count} runs"


def _cells(curve: Curve) -> list[str]:
    agent, control, ahead = (
        mean_interval(values[:, -1]) for values in (curve.agent, curve.control, curve.advantage)
    )
    low, high = (_number(bound, curve) for bound in ahead[1:])
    interval = "" if np.isnan(ahead.low) else f"{low} to {high}"
    return [*(_number(each.value, curve) for each in (agent, control, ahead)), interval]


def _number(value: float, curve: Curve) -> str:
    """Return a figure as a person reads it: a perplexity has two decimals, an accuracy four."""
    return f"{value:.4f}" if abs(curve.control[:, -1]).max() < 10 else f"{value:.2f}"
