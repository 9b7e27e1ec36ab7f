"""The charts of the page as plain specifications, which its script draws with uPlot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nas_env.report import _lines as lines
from nas_env.report._numbers import short, shown, unit
from nas_env.report._pareto import front
from nas_env.report._policy import policy
from nas_env.report._series import Series

Chart = dict[str, Any]
CHILDREN = {"title": "children", "whole": True}
WHAT = {"parameters": "parameters", "flops": "FLOPs of one example"}


def over_children(agent: Series, control: Series | None, name: str = "over-children") -> Chart:
    """Return the children and the best so far, against the number of children."""
    low = lines.edge(_every(agent, control))
    series = []
    if control is not None and len(control):
        chance = lines.chance_of(control, max(len(agent), len(control)))
        series += lines.band(chance, chance.networks, control, low)
    series += [lines.dots(each, role, low) for each, role in reversed(_roles(agent, control))]
    series.append(lines.steps(agent, np.arange(1, len(agent) + 1), "agent", low))
    rug = [
        {"x": place + 1, "child": each.first + place, "role": role}
        for each, role in _roles(agent, control)
        for place in np.flatnonzero(np.isnan(each.values)).tolist()
    ]
    alt = best_so_far(_every(agent, control), "the number of children")
    return chart(name, CHILDREN, y_of(agent, low), series, alt, rug=rug)


def over_seconds(agent: Series, control: Series | None) -> Chart | None:
    """Return the best so far against seconds of training; None where no time is known."""
    if agent.times is None or not agent.times[-1]:
        return None
    beside = control if control is not None and control.times is not None else None
    ends = [each.times[-1] for each in (agent, beside) if each and each.times is not None]
    size, name = unit(float(max(ends)))
    low, series = lines.first_edge(_every(agent, beside)), []
    if beside is not None and beside.times is not None:
        chance = lines.chance_of(beside, len(beside))
        mean = float(beside.times[-1]) / len(beside)
        series += lines.band(chance, chance.networks * mean / size, beside, low)
        series.append(lines.steps(beside, beside.times / size, "control", low))
    series.append(lines.steps(agent, agent.times / size, "agent", low))
    alt = best_so_far(_every(agent, beside), f"{name} of training")
    return chart("over-seconds", time(name), y_of(agent, low), series, alt)


def against(cost: str, agent: Series, control: Series | None) -> Chart | None:
    """Return the networks by their cost with the Pareto front; None where no cost is known."""
    series, every = [], _every(agent, control)
    costs = np.concatenate([each.numbers(cost) for each in every])
    values = np.concatenate([each.values for each in every])
    if not (np.isfinite(costs) & np.isfinite(values) & (costs > 0)).any():
        return None
    low = lines.edge(every)
    for each, role in _roles(agent, control):
        kept = np.array(each.different, dtype=int)
        series.append(lines.points(each, role, each.numbers(cost)[kept], kept, low, "each network"))
    best = front(costs, values, agent.metric.maximise)
    line = {"name": "Pareto front", "kind": "steps", "role": "front"}
    y = lines.clipped(values[best], low, agent.metric.maximise)
    series.append({**line, "x": short(costs[best]), "y": short(y)})
    x = {"title": WHAT[cost], "log": bool(np.nanmax(costs) > 4 * np.nanmin(costs))}
    alt = (
        f"{agent.metric.title} of each network against its {WHAT[cost]}; {len(best)} networks are "
        f"on the Pareto front, the best of them with {costs[best[-1]]:,.0f}."
    )
    return chart(f"against-{cost}", x, y_of(agent, low), series, alt, front=best)


def entropy(agent: Series, control: Series | None, options: Sequence[int]) -> Chart | None:
    """Return the entropy of the decisions over windows of children; None for a single window."""
    series, ends = [], []
    for each, role in _roles(agent, control):
        found = policy(each.tokens, options)
        ends.append(found.entropy[-1] if len(found.ends) else np.nan)
        line = {"name": each.label, "kind": "line", "role": role}
        series.append({**line, "x": short(found.ends), "y": short(found.entropy)})
    if max(len(line["x"]) for line in series) < 2:
        return None
    alt = f"Mean entropy of the decisions over time; {agent.label} ends at {ends[0]:.2f}."
    y = {"title": "entropy, 1 is uniform", "low": 0, "high": 1.02}
    return chart("entropy", CHILDREN, y, series, alt)


def chart(
    name: str,
    x: Mapping[str, Any],
    y: Mapping[str, Any],
    series: Sequence[Mapping[str, Any]],
    alt: str,
    *,
    rug: Sequence[Mapping[str, Any]] = (),
    front: Sequence[int] = (),
) -> Chart:
    """Return a chart.

    Args:
        name: Name of its element in the page.
        x: The horizontal axis: ``title``; ``whole`` for counts; ``log``.
        y: The vertical axis: ``title``; ``share`` for percent; ``falls`` where less is better;
            ``low`` and ``high``.
        series: The lines, from :mod:`nas_env.report._lines`.
        alt: What it shows, in words.
        rug: Crosses at the edge of the worse values, the children that failed.
        front: Places of the children on the Pareto front.
    """
    axes = {"x": dict(x), "y": dict(y)}
    return {"id": name, **axes, "series": [*series], "rug": [*rug], "front": [*front], "alt": alt}


def _every(agent: Series, control: Series | None) -> list[Series]:
    return [each for each, _ in _roles(agent, control)]


def _roles(agent: Series, control: Series | None) -> list[tuple[Series, str]]:
    pairs = [(agent, "agent")]
    return pairs if control is None else [*pairs, (control, "control")]


def y_of(series: Series, low: float | None = None) -> dict[str, Any]:
    """Return the vertical axis of a metric, with the value that its lower edge has, if one."""
    edge: Mapping[str, Any] = {} if low is None else {"edge": low}
    metric = series.metric
    shown_as = {"share": metric.is_share, "falls": not metric.maximise}
    return {"title": metric.title, **shown_as, **edge}


def time(name: str) -> dict[str, Any]:
    """Return the horizontal axis of a time in such units."""
    return {"title": f"{name} of building, training and validating"}


def best_so_far(every: Sequence[Series], x: str) -> str:
    """Return the sentence of a chart of the best so far for a reader who does not see it."""
    parts = []
    for each in every:
        if len(each) and np.isfinite(each.best[-1]):
            parts.append(f"{each.label} ends at {shown(each.metric, float(each.best[-1]))}")
        else:
            parts.append(f"no child of {each.label} has succeeded")
    return f"Best {every[0].metric.title} so far against {x}: {', '.join(parts)}."
