"""The best different architectures of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from nas_env.evaluation._start import Start
from nas_env.metrics import Metric


class Found(NamedTuple):
    """An architecture that a search found, or that a person named.

    Attributes:
        name: Name by which it is told of: ``child 12``, the first child that had it.
        architecture: The architecture as plain JSON values.
        value: Main metric of the search; None if no search found it.
        space: Construction of the space that builds it; None for the problem's.
        start: Weights from which its training starts; None for those that are built.
    """

    name: str
    architecture: Mapping[str, Any]
    value: float | None = None
    space: Mapping[str, Any] | None = None
    start: Start | None = None


def top(episodes: Sequence[Mapping[str, Any]], metric: Metric, count: int) -> list[Found]:
    """Return the best different architectures of a search by its validation metric, best first.

    Args:
        episodes: Records of its episodes, in order.
        metric: The main metric of its task.
        count: How many; there may be fewer.

    Example:
        >>> from nas_env.metrics import VALIDATION_ACCURACY
        >>> found = [("a", 0.8), ("b", 0.9), ("a", 0.8), ("c", 0.7)]
        >>> episodes = [
        ...     {"status": "ok", "canonical": name, "architecture": {"is": name},
        ...      "metrics": {"validation_accuracy": value}} for name, value in found
        ... ]
        >>> [(each.name, each.value) for each in top(episodes, VALIDATION_ACCURACY, 2)]
        [('child 2', 0.9), ('child 1', 0.8)]
    """
    first: dict[str, tuple[float, Found]] = {}
    for number, record in enumerate(episodes, 1):
        if record["status"] == "ok" and metric.name in record["metrics"]:
            value = record["metrics"][metric.name]
            found = Found(f"child {number}", record["architecture"], value)
            first.setdefault(record["canonical"], (value, found))
    best = sorted(first.values(), key=lambda pair: pair[0], reverse=metric.maximise)
    return [found for _, found in best[:count]]
