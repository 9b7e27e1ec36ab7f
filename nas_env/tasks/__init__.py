"""Tasks, one file per member: data that children are trained on, and what is measured of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nas_env.data.folder import data_folder
from nas_env.errors import InvalidValue
from nas_env.tasks._base import Task, TrainingTask, sealed_test_set
from nas_env.tasks._functions import FunctionTask, TableTask
from nas_env.tasks._images import Images, ImageTask
from nas_env.tasks._language import LanguageTask
from search_spaces import _catalogue
from search_spaces._settings import from_mapping, named

__all__ = [
    "FunctionTask",
    "ImageTask",
    "Images",
    "LanguageTask",
    "TableTask",
    "Task",
    "TrainingTask",
    "data_folder",
    "make_task",
    "sealed_test_set",
    "task_class",
    "task_names",
]


def task_names() -> tuple[str, ...]:
    """Return the names of the tasks that ship with the package."""
    return _catalogue.names("nas_env.tasks")


def task_class(name: str) -> type[Task]:
    """Return the class of a task, named by its file or as ``package.module:NAME``."""
    return _catalogue.load("nas_env.tasks", name, Task)


def make_task(spec: str | Mapping[str, Any]) -> Task:
    """Make a task from its name, or from its name and settings.

    Raises:
        UnknownName: If there is no such task or setting.
        InvalidValue: If a setting's value is wrong, or the version differs from this one.

    Example:
        >>> make_task({"name": "digits", "train_size": 500}).train_size
        500
    """
    name, settings = named(spec, "task")
    cls = task_class(name)
    for key, here in cls.identity().items():
        if (given := settings.pop(key, here)) != here:
            raise InvalidValue(f"task {name} has {key} {here} here, not {given}")
    return from_mapping(cls, settings, f"setting of the {name} task")
