"""The order in which the children of a batch begin, where all of them are awaited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from nas_env.evaluation._job import Job
from nas_env.records import Request

Child = TypeVar("Child")


def costliest_first(children: Sequence[Child], costs: Sequence[float]) -> list[Child]:
    """Return children, the costliest first, equal ones in their own order.

    That is the rule of the longest processing time (Graham 1969, "Bounds on multiprocessing timing
    anomalies"): the batch then takes at most a third longer than by the best order.

    Example:
        >>> costliest_first(["one", "three", "two"], [1.0, 3.0, 2.0])
        ['three', 'two', 'one']
    """
    order = sorted(range(len(children)), key=lambda place: -costs[place])
    return [children[place] for place in order]


def expected_flops(request: Request) -> float:
    """Return the FLOPs of a forward pass over one example; 0 of a child that cannot be counted.

    The children of a search see equally many examples, so the order is that of their training.
    """
    try:
        return float(Job(request).cost.flops)
    except Exception:  # what is wrong with it is found, and told, when it is trained
        return 0.0
