"""Why children fail: the reasons, counted, and whether a search has any chance to go on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]

KEPT = 10  # reasons that a summary lists at most
NUMBERS = re.compile(r"0x[0-9a-f]+|\d+(?:[.,]\d+)*")


def failures(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Count why children failed, the commonest reason first.

    Args:
        records: The episodes of a search, in order.

    Returns:
        At most ten reasons; of each its ``status``, the ``error`` of the first child that failed
        for it, and how many ``children`` did.

    Example:
        >>> large = {"status": "failed", "error": "30 channels, expected 24"}
        >>> small = {"status": "failed", "error": "12 channels, expected 24"}
        >>> failures([large, small, {"status": "ok", "error": ""}])
        [{'status': 'failed', 'error': '30 channels, expected 24', 'children': 2}]
    """
    failed = [record for record in records if record["status"] != "ok"]
    count = Counter(map(_reason, failed))
    first = {_reason(record): record for record in reversed(failed)}
    return [
        {"status": status, "error": first[status, text]["error"], "children": children}
        for (status, text), children in count.most_common(KEPT)
    ]


def fault_of_the_beginning(records: Sequence[Record], count: int) -> str:
    """Return the error for which the first children of a search all failed, if there is one.

    Only ``failed`` counts: an error of building or training that is there again whenever the child
    is. ``diverged`` and ``too_large`` are results, which an agent may learn to avoid;
    ``out_of_memory``, ``timed_out`` and ``died`` belong to the moment.

    Args:
        records: The episodes of the search, in order.
        count: How many children are looked at; 0 for none.

    Returns:
        The first child's error; empty where any of them succeeded, failed for another reason or
        is not there yet.
    """
    first = records[:count]
    if count == 0 or len(first) < count or first[0]["status"] != "failed":
        return ""
    return first[0]["error"] if len(set(map(_reason, first))) == 1 else ""


def failure_line(figures: Mapping[str, Any], store: str) -> str:
    """Return what a person is told of the children that failed, in one line.

    Args:
        figures: The figures of a search, as :func:`nas_env.search.summary.summarise` makes them.
        store: The file that has the error of each child.

    Returns:
        Empty where none failed.
    """
    if not figures["failures"]:
        return ""
    failed = sum(figures["failed"].values())
    commonest = figures["failures"][0]
    none = " and none succeeded" if figures["best"] is None else ""
    return (
        f"{failed:,} of {figures['children']:,} children failed{none}; the commonest reason, "
        f"{commonest['children']:,} times: {commonest['status']}, {commonest['error']}; "
        f"{store} has them all"
    )


def _reason(record: Record) -> tuple[str, str]:
    """Return what failures have in common that differ in numbers alone."""
    return record["status"], NUMBERS.sub("N", record["error"])
