"""The lines, dots and bands of the page's charts, and where a chart's edge is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import stdtrit

from nas_env.report._chance import Chance, best_by_chance
from nas_env.report._numbers import short
from nas_env.report._series import Series

POINTS = 240  # of a curve
MOST_OUT = 0.1  # the share of children that may stand at the edge of a chart
FIRST = 30  # one in so many children is the beginning


def dots(series: Series, role: str, low: float | None) -> dict[str, Any]:
    """Return a dot for each child that has a value, against its number."""
    every = np.arange(len(series))
    return points(series, role, every + 1.0, every, low)


def points(
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
        "y": short(clipped(values[kept], low, series.metric.maximise)),
        "child": [series.first + int(place) for place in places[kept]],
    }


def steps(
    series: Series, x: np.ndarray, role: str, low: float | None, what: str = ": best so far"
) -> dict[str, Any]:
    """Return the best so far: the points at which it changes, and the last."""
    best = series.best
    known = np.flatnonzero(np.isfinite(best))
    changes = [p for p in known if p == known[0] or best[p] != best[p - 1] or p == len(best) - 1]
    y = clipped(best[changes], low, series.metric.maximise)
    line = {"name": f"{series.label}{what}", "kind": "steps", "role": role}
    return {**line, "x": short(x[changes]), "y": short(y)}


def chance_of(control: Series, most: int) -> Chance:
    """Return the best of up to so many random networks, by those of a control."""
    count = np.unique(np.linspace(1, most, min(most, POINTS)).round().astype(int))
    return best_by_chance(control.values, count, control.metric.maximise)


def band(chance: Chance, x: np.ndarray, control: Series, low: float | None) -> list[dict[str, Any]]:
    """Return the interval of random search, and its median."""
    up = control.metric.maximise
    ends = (clipped(each, low, up) for each in (chance.worse, chance.better))
    bottom, top = ends if up else reversed([*ends])
    band = {"name": f"{control.label}: interval of the best", "kind": "band", "role": "control"}
    middle = {"name": f"{control.label}: median of the best", "kind": "line", "role": "control"}
    y = short(clipped(chance.middle, low, up))
    return [
        {**band, "x": short(x), "low": short(bottom), "high": short(top)},
        {**middle, "x": short(x), "y": y},
    ]


def mean_of(
    every: Sequence[Series], role: str, name: str, low: float | None
) -> list[dict[str, Any]]:
    """Return the mean best so far of several searches with its 95% interval over them.

    It goes as far as all of them have children; the interval is Student's. There is nothing where
    no number of children lets all succeed.
    """
    children = min(map(len, every))
    table = np.array([each.best[:children] for each in every])
    known = np.flatnonzero(np.isfinite(table).all(axis=0))
    if not len(known):
        return []
    kept = np.unique(known[np.linspace(0, len(known) - 1, POINTS).round().astype(int)])
    found, up = table[:, kept], every[0].metric.maximise
    half = float(stdtrit(len(every) - 1, 0.975)) * found.std(axis=0, ddof=1) / len(every) ** 0.5
    mean, x = found.mean(axis=0), short(kept + 1.0)
    ends = {"low": short(clipped(mean - half, low, up)), "high": short(mean + half)}
    line = {"name": f"{name}: mean of {len(every)} runs", "kind": "line", "role": role}
    band = {"name": f"{name}: 95% interval of the mean", "kind": "band", "role": role}
    return [{**band, "x": x, **ends}, {**line, "x": x, "y": short(clipped(mean, low, up))}]


def edge(every: Sequence[Series]) -> float | None:
    """Return the value of the edge at which much worse children stand; None if all are shown.

    Without it one network that hardly learned anything would press all others into a line.
    """
    up = every[0].metric.maximise
    values = np.concatenate([each.values for each in every])
    values = np.sort(values[np.isfinite(values)] * (1 if up else -1))
    if len(values) < 10:
        return None
    low, best = values[int(len(values) * MOST_OUT)], values[-1]
    edge = low - (best - low) / 4
    return float(edge if up else -edge) if values[0] < edge else None


def first_edge(every: Sequence[Series]) -> float | None:
    """Return the worst of the best values in hand after the first children.

    The very first ones are left out: a search that begins badly would press all that follows
    into a line.
    """
    known = [each.best[np.isfinite(each.best)] for each in every]
    values = np.concatenate([best[len(best) // FIRST :][:1] for best in known])
    if not values.size:
        return None
    return float(values.min() if every[0].metric.maximise else values.max())


def clipped(values: np.ndarray, low: float | None, maximise: bool) -> np.ndarray:
    """Return values with those that are worse than the edge at the edge."""
    if low is None:
        return values
    return np.maximum(values, low) if maximise else np.minimum(values, low)
