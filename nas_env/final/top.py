"""The best different architectures of a search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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


def best_first(
    episodes: Sequence[Mapping[str, Any]], worth: Callable[[Mapping[str, Any]], float | None]
) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the first trained child of each architecture with its number, best first.

    Args:
        episodes: Records of a search's episodes, in order.
        worth: Function that returns how good a record is, more being better, or None for one that
            does not count.

    Example:
        >>> found = [("a", 0.8), ("b", 0.9), ("a", 0.8), ("c", None)]
        >>> episodes = [{"status": "ok", "canonical": a, "reward": r} for a, r in found]
        >>> [number for number, _ in best_first(episodes, lambda record: record["reward"])]
        [2, 1]
    """
    first: dict[str, tuple[float, int]] = {}
    for number, record in enumerate(episodes, 1):
        if record["status"] == "ok" and (value := worth(record)) is not None:
            first.setdefault(record["canonical"], (value, number))
    best = sorted(first.values(), key=lambda pair: pair[0], reverse=True)
    return [(number, episodes[number - 1]) for _, number in best]


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

    def worth(record: Mapping[str, Any]) -> float | None:
        value = record["metrics"].get(metric.name)
        return value if value is None or metric.maximise else -value

    return [
        Found(f"child {number}", record["architecture"], record["metrics"][metric.name])
        for number, record in best_first(episodes, worth)[:count]
    ]
