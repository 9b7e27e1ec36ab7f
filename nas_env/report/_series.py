"""The children of a run as arrays, and as the page's script reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from nas_env.metrics import Metric
from nas_env.report._numbers import short
from search_spaces import SearchSpace

Record = Mapping[str, Any]
REWARD = Metric("reward")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Series:
    """The children of one search, in order.

    Attributes:
        label: Name of the search.
        records: Records of its children.
        metric: Main metric of the task, or the reward.
        first: Place of its first child among all children of the page.
    """

    label: str
    records: Sequence[Record]
    metric: Metric
    first: int = 0

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def values(self) -> np.ndarray:
        """The metric of each child, NaN where it failed: (children,)."""
        name = self.metric.name
        good = [record["status"] == "ok" for record in self.records]
        found = [r["reward"] if name == "reward" else r["metrics"].get(name) for r in self.records]
        return np.where(good, _finite(found), np.nan)

    @cached_property
    def best(self) -> np.ndarray:
        """The best value so far after each child, NaN before the first success: (children,)."""
        ahead = np.fmax if self.metric.maximise else np.fmin
        return ahead.accumulate(self.values) if len(self) else self.values

    def of_reward(self) -> Series:
        """Return the same children with their rewards as the metric."""
        return replace(self, metric=REWARD)

    def numbers(self, name: str) -> np.ndarray:
        """Return ``parameters``, ``flops`` or ``seconds`` of each child, NaN where not known."""
        return _finite([record.get(name) for record in self.records])

    @cached_property
    def names(self) -> list[str]:
        """The canonical form of each child; equal forms are one network."""
        return [record["canonical"] for record in self.records]

    @cached_property
    def times(self) -> np.ndarray | None:
        """Seconds of training that are spent after each child; None where they are not known.

        A network that was played before costs nothing.
        """
        seconds, spent = self.numbers("seconds"), np.zeros(len(self))
        if not len(self) or not np.isfinite(seconds).all():
            return None
        spent[self.different] = seconds[self.different]
        return np.cumsum(spent)

    @cached_property
    def different(self) -> list[int]:
        """Places of the first child of each different network."""
        first: dict[str, int] = {}
        for place, name in enumerate(self.names):
            first.setdefault(name, place)
        return list(first.values())

    @cached_property
    def tokens(self) -> list[Sequence[int]]:
        """The tokens of each child."""
        return [record["tokens"] for record in self.records]


def _finite(values: Sequence[Any]) -> np.ndarray:
    """Return numbers as float64, NaN for those that are missing or not finite."""
    array = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.where(np.isfinite(array), array, np.nan)


def columns(series: Sequence[Series], space: SearchSpace) -> dict[str, Any]:
    """Return the children of all searches as columns of JSON values, and their decisions."""
    records = [record for each in series for record in each.records]
    errors = list(dict.fromkeys(record["error"] for record in records))
    places = {error: place for place, error in enumerate(errors)}
    return {
        "searches": [{"label": each.label, "children": len(each)} for each in series],
        "value": short(value for each in series for value in each.values),
        "reward": short(_finite([record["reward"] for record in records])),
        **{
            name: short(value for each in series for value in each.numbers(name))
            for name in ("parameters", "flops", "seconds")
        },
        "status": [record["status"] for record in records],
        "errors": errors,
        "error": [places[record["error"]] for record in records],
        "tokens": [coded(record["tokens"]) for record in records],
        "decisions": [
            {
                "name": each.name,
                "kind": each.kind,
                "options": [worded(option) for option in each.options],
                "layer": each.layer,
                "source": each.source,
            }
            for each in space.decisions
        ],
    }


def worded(option: Any) -> str:
    """Return an option as the page shows it.

    Example:
        >>> worded(True), worded(36), worded("tanh")
        ('yes', '36', 'tanh')
    """
    return {True: "yes", False: "no"}[option] if isinstance(option, bool) else str(option)


def coded(tokens: Sequence[int]) -> str:
    """Return tokens as a short text: a digit each, base 36; with commas where that is too small.

    Example:
        >>> coded([1, 0, 11]), coded([1, 99])
        ('10b', '1,99')
    """
    if max(tokens, default=0) < len(DIGITS):
        return "".join(DIGITS[token] for token in tokens)
    return ",".join(map(str, tokens))
