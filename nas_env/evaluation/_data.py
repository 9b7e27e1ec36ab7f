"""The data of a task, which is read once a process and checked before any child is trained."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from nas_env.errors import DataInvalid, InvalidValue, NASError
from nas_env.records import Split
from nas_env.tasks import TrainingTask, make_task, sealed_test_set
from nas_env.training.data import TrainingData


def training_task(spec: Mapping[str, Any]) -> TrainingTask:
    """Return the task of a request; it must be one on which children can be trained."""
    task = make_task(spec)
    if not isinstance(task, TrainingTask):
        raise InvalidValue(f"nothing can be trained on {task.name}: a table or a function answers")
    return task


def splits(task: Mapping[str, Any], device: torch.device, split: Split = "search") -> TrainingData:
    """Return the data of a task on a device, without its test split; it is read once a process."""
    return _splits(json.dumps(dict(task), sort_keys=True), str(device), split)


def check_data(task: Mapping[str, Any]) -> None:
    """Check, once a process, that a task's data can be read and fits it; it is not kept.

    Raises:
        NASError: If it cannot be read; a :class:`DataInvalid` if the data does not fit.
        InvalidValue: If the task's settings do not fit the data.
    """
    _check(json.dumps(dict(task), sort_keys=True))


def check_splits(task: Mapping[str, Any], device: torch.device) -> None:
    """Do what :func:`check_data` does, and keep what was read for :func:`splits`."""
    with _checking(training_task(task)):
        splits(task, device)


@functools.lru_cache(maxsize=4)
def _splits(spec: str, device: str, split: Split) -> TrainingData:
    task = training_task(json.loads(spec))
    data = task.final_data() if split == "final" else task.search_data()
    return data.to(torch.device(device))


@functools.cache
def _check(spec: str) -> None:
    task = training_task(json.loads(spec))
    with _checking(task):
        task.search_data()


@contextlib.contextmanager
def _checking(task: TrainingTask) -> Iterator[None]:
    """Read as an evaluation does, and turn any exception of a task's code into one line."""
    try:
        with sealed_test_set():
            yield
    except (NASError, InvalidValue):
        raise
    except Exception as error:
        found = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise DataInvalid(f"data of task {task.name} cannot be read: {found}") from error
