"""The sentence and the figures at the top of a run's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nas_env.report._numbers import duration, shown
from nas_env.report._series import Series
from nas_env.search.reading import RunView

LUCK = "One search and one control can differ by luck: several seeds tell more (nas-controls)."


def state(view: RunView) -> str:
    """Return in words whether the search is finished."""
    if view.finished:
        return "finished"
    played = f"{len(view.episodes):,} of {view.config['children']:,} children"
    return f"{played}; {f'played by {view.holder}' if view.holder else 'not finished'}"


def verdict(agent: Series, control: Series | None) -> str:
    """Return in a sentence how the search did beside random search."""
    if not len(agent) or np.isnan(agent.best[-1]):
        return "No child has succeeded."
    metric, best = agent.metric, float(agent.best[-1])
    told = f"The best {metric.title} of {agent.label} is {shown(metric, best)}"
    if control is None:
        return f"{told}. Whether it is better than chance is not known: there is no random control."
    same = min(len(agent), len(control))
    chance = float(control.best[same - 1])
    if np.isnan(chance):
        return f"{told}; no child of {control.label} has succeeded to compare it with."
    when = "as many children" if same == len(agent) else f"{same:,} children"
    return f"{told}; that of {control.label} is {shown(metric, chance)} after {when}. {LUCK}"


def tiles(view: RunView, agent: Series, control: Series | None) -> list[tuple[str, str, str]]:
    """Return the figures at the top of the page: name, value, and a note."""
    summary: Mapping[str, Any] = view.summary or {}
    best, failed = view.best, sum(record["status"] != "ok" for record in agent.records)
    found = []
    if best is not None:
        value = best["metrics"].get(view.metric.name)
        interval = (summary.get("best") or {}).get("interval")
        ends = " to ".join(shown(view.metric, end) for end in interval or ())
        found.append(
            (f"best {view.metric.title}", shown(view.metric, value), ends and f"95%: {ends}")
        )
    if control is not None and np.isfinite(control.best[-1]):
        value = shown(view.metric, float(control.best[-1]))
        found.append((f"best of {control.label}", value, f"{len(control):,} children"))
    guess = (summary.get("guessing") or {}).get(view.metric.name)
    if guess is not None:
        found.append(("constant guess", shown(view.metric, guess), ""))
    if best is not None and best.get("parameters"):
        found.append(("parameters of the best", f"{best['parameters']:,}", ""))
    different = f"{len(agent.different):,} different networks"
    found.append(("children", f"{len(agent):,}", different))
    found.append(("failed", f"{failed:,}", f"{failed / max(len(agent), 1):.0%} of the children"))
    if summary:
        rate = summary.get("children_per_hour")
        found.append(("time", duration(summary["seconds"]), f"{rate or 0:,.0f} children an hour"))
    return found
