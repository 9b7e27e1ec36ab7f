"""The charts of the page as plain specifications, which its script draws with uPlot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nas_env.report._chance import Chance, best_by_chance
from nas_env.report._numbers import short, shown, unit
from nas_env.report._pareto import front
from nas_env.report._policy import policy
from nas_env.report._series import Series

Chart = dict[str, Any]
POINTS = 240  # of a curve
LARGEST_SHARE_OUT = 0.1  # of children that may stand at the edge of a chart
WHAT = {"parameters": "parameters", "flops": "FLOPs of one example"}


def over_children(agent: Series, control: Series | None) -> Chart:
    """Return the children and the best so far, against the number of children."""
    low = _edge([agent] if control is None else [agent, control])
    series = []
    if control is not None and len(control):
        chance = _chance(control, max(len(agent), len(control)))
        series += _band(chance, chance.networks, control, low)
    series += [_dots(each, role, low) for each, role in reversed(_roles(agent, control))]
    series.append(_steps(agent, np.arange(1, len(agent) + 1), "agent", low))
    rug = [
        {"x": place + 1, "child": each.first + place, "role": role}
        for each, role in _roles(agent, control)
        for place in np.flatnonzero(np.isnan(each.values)).tolist()
    ]
    return {
        "id": "over-children",
        "x": {"title": "children", "whole": True},
        "y": _y(agent, low),
        "series": series,
        "rug": rug,
        "alt": _alt(agent, control, "the number of children"),
    }


def over_seconds(agent: Series, control: Series | None) -> Chart | None:
    """Return the best so far against seconds of training; None where no time is known."""
    if agent.times is None or not agent.times[-1]:
        return None
    beside = control if control is not None and control.times is not None else None
    ends = [each.times[-1] for each in (agent, beside) if each and each.times is not None]
    size, name = unit(float(max(ends)))
    low, series = _first([agent] if beside is None else [agent, beside]), []
    if beside is not None and beside.times is not None:
        chance = _chance(beside, len(beside))
        mean = float(beside.times[-1]) / len(beside)
        series += _band(chance, chance.networks * mean / size, beside, low)
        series.append(_steps(beside, beside.times / size, "control", low))
    series.append(_steps(agent, agent.times / size, "agent", low))
    return {
        "id": "over-seconds",
        "x": {"title": f"{name} of building, training and validating"},
        "y": _y(agent, low),
        "series": series,
        "rug": [],
        "alt": _alt(agent, beside, f"{name} of training"),
    }


def against(cost: str, agent: Series, control: Series | None) -> Chart | None:
    """Return the networks by their cost with the Pareto front; None where no cost is known."""
    series, every = [], [each for each, _ in _roles(agent, control)]
    costs = np.concatenate([each.numbers(cost) for each in every])
    values = np.concatenate([each.values for each in every])
    if not (np.isfinite(costs) & np.isfinite(values) & (costs > 0)).any():
        return None
    low = _edge(every)
    for each, role in _roles(agent, control):
        kept = np.array(each.different, dtype=int)
        series.append(_points(each, role, each.numbers(cost)[kept], kept, low, "each network"))
    best = front(costs, values, agent.metric.maximise)
    line = {"name": "Pareto front", "kind": "steps", "role": "front"}
    y = _clipped(values[best], low, agent.metric.maximise)
    series.append({**line, "x": short(costs[best]), "y": short(y)})
    return {
        "id": f"against-{cost}",
        "x": {"title": WHAT[cost], "log": bool(np.nanmax(costs) > 4 * np.nanmin(costs))},
        "y": _y(agent, low),
        "series": series,
        "rug": [],
        "alt": f"{agent.metric.title} of each network against its {WHAT[cost]}; {len(best)} "
        f"networks are on the Pareto front, the best of them with {costs[best[-1]]:,.0f}.",
    }


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
    return {
        "id": "entropy",
        "x": {"title": "children", "whole": True},
        "y": {"title": "entropy, 1 is uniform", "low": 0, "high": 1.02},
        "series": series,
        "rug": [],
        "alt": f"Mean entropy of the decisions over time; {agent.label} ends at {ends[0]:.2f}.",
    }


def _roles(agent: Series, control: Series | None) -> list[tuple[Series, str]]:
    pairs = [(agent, "agent")]
    return pairs if control is None else [*pairs, (control, "control")]


def _dots(series: Series, role: str, low: float | None) -> dict[str, Any]:
    every = np.arange(len(series))
    return _points(series, role, every + 1.0, every, low)


def _points(
    series: Series,
    role: str,
    x: np.ndarray,
    places: np.ndarray,
    low: float | None,
    what: str = "each child",
) -> dict[str, Any]:
    """Return a dot for each child at these places that has a value."""
    values = series.values[places]
    kept = np.isfinite(values) & np.isfinite(x)
    return {
        "name": f"{series.label}: {what}",
        "kind": "dots",
        "role": role,
        "x": short(x[kept]),
        "y": short(_clipped(values[kept], low, series.metric.maximise)),
        "child": [series.first + int(place) for place in places[kept]],
    }


def _steps(series: Series, x: np.ndarray, role: str, low: float | None) -> dict[str, Any]:
    """Return the best so far: the points at which it changes, and the last."""
    best = series.best
    known = np.flatnonzero(np.isfinite(best))
    changes = [p for p in known if p == known[0] or best[p] != best[p - 1] or p == len(best) - 1]
    y = _clipped(best[changes], low, series.metric.maximise)
    line = {"name": f"{series.label}: best so far", "kind": "steps", "role": role}
    return {**line, "x": short(x[changes]), "y": short(y)}


def _chance(control: Series, most: int) -> Chance:
    count = np.unique(np.linspace(1, most, min(most, POINTS)).round().astype(int))
    return best_by_chance(control.values, count, control.metric.maximise)


def _band(
    chance: Chance, x: np.ndarray, control: Series, low: float | None
) -> list[dict[str, Any]]:
    """Return the interval of random search, and its median."""
    up = control.metric.maximise
    ends = (_clipped(each, low, up) for each in (chance.worse, chance.better))
    bottom, top = ends if up else reversed([*ends])
    band = {"name": f"{control.label}: 95% interval of the best", "kind": "band", "role": "control"}
    middle = {"name": f"{control.label}: median of the best", "kind": "line", "role": "control"}
    y = short(_clipped(chance.middle, low, up))
    return [
        {**band, "x": short(x), "low": short(bottom), "high": short(top)},
        {**middle, "x": short(x), "y": y},
    ]


def _edge(every: Sequence[Series]) -> float | None:
    """Return the value of the edge at which much worse children stand; None if all are shown.

    Without it one network that hardly learned anything would press all others into a line.
    """
    up = every[0].metric.maximise
    values = np.concatenate([each.values for each in every])
    values = np.sort(values[np.isfinite(values)] * (1 if up else -1))
    if len(values) < 10:
        return None
    low, best = values[int(len(values) * LARGEST_SHARE_OUT)], values[-1]
    edge = low - (best - low) / 4
    return float(edge if up else -edge) if values[0] < edge else None


def _first(every: Sequence[Series]) -> float | None:
    """Return the worst first success: the best so far is never below it."""
    firsts = [each.best[np.isfinite(each.best)][:1] for each in every]
    values = np.concatenate(firsts)
    if not values.size:
        return None
    return float(values.min() if every[0].metric.maximise else values.max())


def _clipped(values: np.ndarray, low: float | None, maximise: bool) -> np.ndarray:
    if low is None:
        return values
    return np.maximum(values, low) if maximise else np.minimum(values, low)


def _y(series: Series, low: float | None) -> dict[str, Any]:
    metric = series.metric
    edge: Mapping[str, Any] = {} if low is None else {"edge": low}
    return {"title": metric.title, "share": metric.is_share, **edge}


def _alt(agent: Series, control: Series | None, x: str) -> str:
    """Return the chart's sentence for a reader who does not see it."""
    parts = []
    for each, _ in _roles(agent, control):
        if len(each) and np.isfinite(each.best[-1]):
            parts.append(f"{each.label} ends at {shown(each.metric, float(each.best[-1]))}")
        else:
            parts.append(f"no child of {each.label} has succeeded")
    return f"Best {agent.metric.title} so far against {x}: {', '.join(parts)}."
