"""Reads searches that have a random control, and checks that they differ in their seed alone."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nas_env.controls.curves import Pair, Played
from nas_env.errors import InvalidValue
from nas_env.metrics import Metric
from nas_env.run.folder import CONTROL, check_there, holds_run, read_config, store_of
from nas_env.run.store import open_store
from nas_env.tasks import make_task

#: What runs that are compared have in common, for the message about two that have not.
SAME = ("env", "agent", "make", "depth", "order")
#: What decides no child's result, or is another sample of it as the seed is.
FREE = ("evaluator", "device", "evaluation_seed")


class Searched(NamedTuple):
    """A run with its control.

    Attributes:
        folder: The run's folder.
        config: The run's configuration.
        pair: The children of the search, and those of its control, all that were played.
    """

    folder: Path
    config: Mapping[str, Any]
    pair: Pair


def read_runs(folders: Sequence[Path]) -> tuple[list[Searched], Metric]:
    """Return runs with the children that were played, and the main metric of their task.

    Raises:
        InvalidValue: If one is no run, has no control, or is no other sample of the same search.
        NASError: If their task cannot be made any more, or a store cannot be read.
    """
    configs = [_config(folder) for folder in folders]
    for place, config in enumerate(configs):
        _check_same(folders[0], configs[0], folders[place], config)
        _check_other(folders[place], config, folders[:place], configs[:place])
    metric = make_task(configs[0]["make"]["task"]).metric
    read = [
        Searched(folder, config, _pair(folder, config, metric))
        for folder, config in zip(folders, configs, strict=True)
    ]
    return read, metric


def _config(folder: Path) -> dict[str, Any]:
    """Return the configuration of a run with a control."""
    config = read_config(folder)
    if not holds_run(folder / CONTROL):
        raise InvalidValue(
            f"{folder} has no random control: nas-train --run {folder} --resume --control random"
        )
    return config


def _check_same(
    first: Path, expected: Mapping[str, Any], folder: Path, config: Mapping[str, Any]
) -> None:
    """Refuse a run of another search than the first."""
    for name in SAME:
        found = _difference(name, expected[name], config[name])
        if found:
            key, value, other = found
            raise InvalidValue(
                f"{folder} has {key} {other}, {first} has {value}: expected searches that differ "
                "in their seed alone"
            )


def _difference(key: str, value: Any, other: Any) -> tuple[str, Any, Any] | None:
    """Return the first setting that differs, and its two values."""
    if value == other:
        return None
    if not (isinstance(value, dict) and isinstance(other, dict)):
        return key, value, other
    for name in sorted({*value, *other} - set(FREE)):
        if found := _difference(f"{key}.{name}", value.get(name), other.get(name)):
            return found
    return None


def _check_other(
    folder: Path,
    config: Mapping[str, Any],
    before: Sequence[Path],
    configs: Sequence[Mapping[str, Any]],
) -> None:
    """Refuse a run that has the seed of an earlier one: it is no other sample."""
    for earlier, other in zip(before, configs, strict=True):
        if other["seed"] == config["seed"]:
            raise InvalidValue(
                f"{earlier} and {folder} have the same seed, {config['seed']}: expected runs of "
                "different seeds"
            )


def _pair(folder: Path, config: Mapping[str, Any], metric: Metric) -> Pair:
    where = store_of(folder, config)
    check_there(where, str(folder))
    agent, control = (
        read_played(where, run, metric) for run in (config["id"], f"{config['id']}-{CONTROL}")
    )
    for played, what in ((agent, "no child"), (control, "no child of its control")):
        if not np.isfinite(played.values).any():
            raise InvalidValue(f"{folder} has {what} that succeeded: nothing to compare")
    return Pair(agent, control)


def read_played(where: str, run: str, metric: Metric) -> Played:
    """Return the children of one search.

    Args:
        where: The store, which must exist.
        run: Name of the search in it.
        metric: The main metric of its task.
    """
    with contextlib.closing(open_store(where, run)) as store:
        records = store.episodes()
    nan = float("nan")
    return Played(
        np.array([record["metrics"].get(metric.name, nan) for record in records], np.float64),
        [record["canonical"] for record in records],
        np.array([nan if record["seconds"] is None else record["seconds"] for record in records]),
    )
