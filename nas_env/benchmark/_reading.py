"""Reads studies from a file of results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from nas_env.benchmark._anytime import incumbent, spent
from nas_env.benchmark._job import Budget, Job
from nas_env.benchmark._study import Runs, Study
from nas_env.metrics import Metric

Played = tuple[Job, Mapping[str, Any]]


def studies(results: Iterable[Played], reported: str = "") -> list[Study]:
    """Return the studies in a file of results.

    If the settings behind a label have changed, the newest count.

    Args:
        results: Jobs with their records.
        reported: ``"test"`` or ``"validation"``; by default test, if it is known.
    """
    groups: dict[str, dict[str, list[Played]]] = {}
    for job, record in results:
        make = {name: value for name, value in job.make.items() if name != "store"}
        where = json.dumps([job.environment, make, job.budget.kind, job.budget.amount])
        played = groups.setdefault(where, {}).setdefault(job.label, [])
        if played and played[-1][0].agent != job.agent:
            played.clear()
        played.append((job, record))
    return [_study(group, reported) for group in groups.values()]


def _study(group: Mapping[str, list[Played]], reported: str) -> Study:
    job, record = next(iter(group.values()))[0]
    reported = reported if reported in record else "test" if "test" in record else "validation"
    optimum = record.get("optimum", {}).get(reported)
    played = [r[reported] for pairs in group.values() for _, r in pairs]
    largest = max((v for values in played for v in values if v is not None), default=np.inf)
    metric = Metric(record["metric"], record["maximise"])
    scale = 100.0 if metric.is_share and largest <= 1 else 1.0
    return Study(
        environment=job.environment,
        make=job.make,
        budget=job.budget,
        reported=reported,
        metric=metric,
        scale=scale,
        optimum=None if optimum is None else scale * optimum,
        runs={label: _runs(pairs, reported, scale) for label, pairs in group.items()},
        versions=record["versions"],
        problem=record["problem"],
    )


def _runs(pairs: list[Played], reported: str, scale: float) -> Runs:
    pairs = sorted(pairs, key=lambda pair: pair[0].seed)
    found = [curves(record, job.budget, reported) for job, record in pairs]
    value, seconds, distinct = (np.array(column) for column in zip(*found, strict=True))
    return Runs(
        name=pairs[0][0].agent["name"],
        seeds=tuple(job.seed for job, _ in pairs),
        value=scale * value,
        seconds=seconds,
        distinct=distinct,
        wall=np.array([1e3 * r["wall_seconds"] / len(r["tokens"]) for _, r in pairs]),
    )


def curves(
    record: Mapping[str, Any], budget: Budget, reported: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the incumbent, simulated seconds and distinct architectures, each (amount,)."""
    distinct = np.array(record["distinct"])
    succeeded = np.array([v is not None for v in record["validation"]])
    selection = np.where(succeeded, record["reward"], np.nan)
    value = incumbent(selection, np.array(record[reported], dtype=np.float64))
    repeated = np.diff(distinct, prepend=0) == 0
    seconds = spent(np.array(record["seconds"], dtype=np.float64), repeated)
    if budget.kind == "episodes":
        return value, seconds, distinct
    # After the last episode with so many: a repeat does not change the incumbent.
    place = np.searchsorted(distinct, np.arange(1, budget.amount + 1))
    place = np.minimum(place, len(distinct) - 1)
    return value[place], seconds[place], distinct[place]
