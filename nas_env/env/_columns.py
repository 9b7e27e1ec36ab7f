"""The infos of many episodes as arrays, by Gymnasium's rules and without a loop over episodes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

Info = dict[str, Any]
AddInfo = Callable[[Info, Info, int], Info]


def stacked(infos: Sequence[Info], add_info: AddInfo) -> Info:
    """Join many infos into one vector info, by Gymnasium's own code."""
    info: Info = {}
    for index, each in enumerate(infos):
        info = add_info(info, each, index)
    return info


def joined(infos: Sequence[Mapping[str, Any]]) -> Info | None:
    """Join infos of the same keys into one vector info; None if their keys differ.

    Example:
        >>> joined([{"a": 1, "b": "one"}, {"a": 2, "b": "two"}])["a"]
        array([1, 2])
    """
    first = infos[0]
    if any(each.keys() != first.keys() for each in infos):
        return None
    info: Info = {}
    for key, value in first.items():
        values = [each[key] for each in infos]
        column = joined(values) if isinstance(value, dict) else _array(values)
        if column is None:
            return None
        info[key], info[f"_{key}"] = column, np.ones(len(values), dtype=bool)
    return info


def finals(observations: Iterable[Any], info: Info, over: np.ndarray) -> Info:
    """Return the part of a vector info that has the ends of the episodes which are over.

    Args:
        observations: Last observation of each episode; None where it is not over.
        info: Vector info of the episodes.
        over: True for each episode that is over: bool (m,).
    """
    last = np.empty(len(over), dtype=object)
    for episode, observation in enumerate(observations):
        last[episode] = observation
    return {
        "final_obs": last,
        "_final_obs": over.copy(),
        "final_info": info,
        "_final_info": over.copy(),
    }


def _array(values: list[Any]) -> np.ndarray:
    """Return an array of the type that Gymnasium would put such values into."""
    kind = type(values[0])
    return np.fromiter(values, kind if kind in (int, float, bool) else object, len(values))


class KeptInfos:
    """A vector info with an entry for each sequence that a function lists, filled as they come.

    Args:
        count: Number of sequences.
    """

    def __init__(self, count: int):
        self.seen = np.zeros(count, dtype=bool)
        self._info: Info = {}
        self._mixed = False  # an entry lacks a key that another has

    def put(self, at: np.ndarray, info: Info) -> None:
        """Keep the entries of a vector info at these places, int64 (m,)."""
        self._put(self._info, at, info)
        self.seen[at] = True

    def take(self, at: np.ndarray) -> Info:
        """Return the entries at these places as a vector info of fresh arrays."""
        return self._taken(self._info, at)

    def _put(self, kept: Info, at: np.ndarray, info: Info) -> None:
        if kept.keys() != info.keys() and self.seen.any():
            self._mixed = True
        for key, value in info.items():
            if isinstance(value, dict):
                self._put(kept.setdefault(key, {}), at, value)
                continue
            if key not in kept:
                kept[key] = np.zeros(len(self.seen), value.dtype)
            kept[key][at] = value
            if value.dtype == bool and not value.all():
                self._mixed = True

    def _taken(self, kept: Info, at: np.ndarray) -> Info:
        info = {k: self._taken(v, at) if isinstance(v, dict) else v[at] for k, v in kept.items()}
        if not self._mixed:
            return info
        masks: dict[str, Any] = {k: info[f"_{k}"] for k in info if f"_{k}" in info}
        gone = {key for key, mask in masks.items() if not mask.any()}
        return {k: v for k, v in info.items() if k not in gone and k[1:] not in gone}
