"""The figures of ``controls.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nas_env.controls.comparison import Compared, bands
from nas_env.controls.curves import Curve
from nas_env.controls.runs import Searched

DIGITS = 7  # after the point


def figures(compared: Compared) -> dict[str, Any]:
    """Return all that was compared, as plain JSON values."""
    return {
        "env": compared.env,
        "agent": compared.agent,
        "metric": compared.metric.name,
        "maximise": compared.metric.maximise,
        "children": compared.children,
        "runs": [_run(run) for run in compared.runs],
        "top": {
            str(count): {
                "after_children": _end(curve),
                "after_seconds": _end(compared.over_seconds[count]),
                "over_children": _points(curve.thinned()),
                "over_seconds": _points(compared.over_seconds[count]),
            }
            for count, curve in compared.over_children.items()
        },
    }


def _run(run: Searched) -> dict[str, Any]:
    found: dict[str, Any] = {"run": str(run.folder), "seed": run.config["seed"]}
    for name, played in (("agent", run.pair.agent), ("random_search", run.pair.control)):
        found[name] = {"distinct": len(set(played.names)), "seconds": _plain(played.times)[-1]}
    return found


def _end(curve: Curve | None) -> dict[str, Any] | None:
    """Return the last point of a curve, with the figure of each run."""
    if curve is None:
        return None
    found: dict[str, Any] = {"at": _plain(curve.x)[-1]}
    for name, values in _sides(curve).items():
        mean, low, high = (_plain(each)[0] for each in bands(values[:, -1:]))
        found[name] = {"mean": mean, "low": low, "high": high, "each": _plain(values[:, -1])}
    return found


def _points(curve: Curve | None) -> dict[str, Any] | None:
    """Return a curve with its intervals, at a limited number of points."""
    if curve is None:
        return None
    found: dict[str, Any] = {"at": _plain(curve.x)}
    for name, values in _sides(curve).items():
        read = zip(("mean", "low", "high"), bands(values), strict=True)
        found[name] = {figure: _plain(points) for figure, points in read}
    return found


def _sides(curve: Curve) -> Mapping[str, np.ndarray]:
    return {"agent": curve.agent, "random_search": curve.control, "advantage": curve.advantage}


def _plain(values: np.ndarray) -> list[float | int | None]:
    """Return numbers as JSON has them; None for NaN."""
    return [None if np.isnan(value) else round(value, DIGITS) for value in values.tolist()]
