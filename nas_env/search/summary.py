"""The result of a search: the figures of ``summary.json``."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from statistics import fmean
from typing import Any

import torch

from nas_env._version import __version__
from nas_env.evaluation._usage import Usage
from nas_env.machine import processor
from nas_env.problem import Problem
from nas_env.search.failures import failures

Record = Mapping[str, Any]

#: The packages that decide the numbers.
VERSIONED = (
    "torch", "torchvision", "gymnasium", "stable-baselines3", "sb3-contrib", "numpy",
    "scikit-learn",
)  # fmt: skip

#: Shares of the best reward; how long a simulated search took to reach each is told.
REACHED = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)

#: What a child's seconds go into, in order, and what a person calls it.
PARTS = {
    "build": "build children",
    "train": "train them",
    "validate": "validate them",
    "store": "store the results",
}


def best_of(records: Sequence[Record]) -> Any:
    """Return the best episode, the first of equal ones; None where no child has succeeded."""
    best = None
    for record in records:
        if better(record, best):
            best = record
    return best


def better(record: Record, best: Record | None) -> bool:
    """Tell whether an episode beats the best so far; one whose child failed never does."""
    return record["status"] == "ok" and (best is None or record["reward"] > best["reward"])


def summarise(
    records: Sequence[Record], problem: Problem, seconds: float, usage: Usage
) -> dict[str, Any]:
    """The figures of a search.

    Args:
        records: Records of its episodes, in order.
        problem: What was searched.
        seconds: That it took.
        usage: How busy the evaluator was.
    """
    share = usage.utilisation
    failed = Counter(r["status"] for r in records if r["status"] != "ok")
    return {
        "children": len(records),
        "distinct": len({record["canonical"] for record in records}),
        "failed": dict(sorted(failed.items())),
        "failures": failures(records),
        "best": _best(records, problem),
        "mean_reward": _mean([record["reward"] for record in records]),
        "mean_reward_last_quarter": _mean(
            [record["reward"] for record in records[len(records) * 3 // 4 :]]
        ),
        "seconds": round(seconds, 3),
        "children_per_hour": round(3600 * len(records) / seconds, 1) if seconds else None,
        "seconds_a_child": _seconds_a_child(records),
        "seconds_of_children": _parts(records),
        "utilisation": None if share is None else round(share, 4),
        "staleness": staleness(records),
        "simulated": _simulated(records, problem),
    }


def staleness(records: Sequence[Record]) -> dict[str, float] | None:
    """Return how many updates late children arrived; None where that was not kept.

    Returns:
        ``"mean"`` and ``"most"`` of the updates between a child's proposal and its arrival.
    """
    late = [r["learned"] - r["version"] for r in records if "learned" in r]
    return {"mean": round(fmean(late), 3), "most": max(late)} if late else None


def seconds_to(records: Sequence[Record], reward: float) -> float | None:
    """Return the simulated seconds until a child had this reward; None if there is none."""
    reached = (r["at"] for r in records if r["status"] == "ok" and r["reward"] >= reward)
    return next(reached, None)


def _simulated(records: Sequence[Record], problem: Problem) -> dict[str, Any] | None:
    """Return the figures by the evaluator's simulated clock; None where real time passed."""
    found, best = problem.evaluator.simulation(), best_of(records)
    if found is None:
        return None
    reward = 0.0 if best is None else best["reward"]  # of a loss, shares say nothing
    shares = REACHED if reward > 0 else REACHED[-1:] if best else ()
    rate = 3600 * len(records) / found.seconds if found.seconds else None
    return {
        "seconds": round(found.seconds, 3),
        "children_per_hour": None if rate is None else round(rate, 1),
        "seconds_to_share_of_best": {
            f"{share:g}": seconds_to(records, share * reward) for share in shares
        },
        "seconds_lost": round(found.lost, 3),
        "node_failures": found.node_failures,
    }


def _seconds_a_child(records: Sequence[Record]) -> float | None:
    """The mean of the different children's seconds; None where none is known."""
    seconds = {r["canonical"]: r["seconds"] for r in records if r["seconds"] is not None}
    return round(fmean(seconds.values()), 3) if seconds else None


def _parts(records: Sequence[Record]) -> dict[str, float]:
    """Return the seconds of each part of the children's evaluations, summed over workers."""
    total: Counter[str] = Counter()
    for parts in {r["canonical"]: r.get("parts", {}) for r in records}.values():
        total.update(parts)
    return {name: round(total[name], 3) for name in PARTS if name in total}


def _best(records: Sequence[Record], problem: Problem) -> dict[str, Any] | None:
    best = best_of(records)
    if best is None:
        return None
    return {
        "architecture": best["architecture"],
        "reward": best["reward"],
        **best["metrics"],
        **interval(problem, best["metrics"]),
        **(problem.answers.figures(best["tokens"]) if problem.answers is not None else {}),
        "parameters": best["parameters"],
        "flops": best["flops"],
        "child": list(records).index(best) + 1,
    }


def interval(problem: Problem, metrics: Mapping[str, float]) -> dict[str, list[float]]:
    """Return the 95% interval of a child's main metric, if its task can tell one."""
    found = problem.task.interval(metrics) if metrics else None
    return {} if found is None else {"interval": [round(bound, 6) for bound in found]}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def versions() -> dict[str, str]:
    """Return the versions of this package, Python and the packages that decide the numbers."""
    found = {"nas-env": __version__, "python": platform.python_version()}
    for name in VERSIONED:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def device_name(device: torch.device) -> str:
    """Return a device's type, and what a person calls it."""
    if device.type == "cuda" and not torch.cuda.is_available():
        return "cuda (of other machines)"
    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"cpu ({processor()})"
