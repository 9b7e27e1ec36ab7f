"""Neural architecture search as Gymnasium environments.

Importing this registers one id per environment of each task::

    import gymnasium, nas_env
    env = gymnasium.make("NAS-CIFAR10-v0")
"""

from __future__ import annotations

import gymnasium

from nas_env.errors import (
    DataCorrupt,
    DataNotFound,
    InvalidArchitecture,
    InvalidTokens,
    InvalidValue,
    NASError,
    UnknownName,
)
from nas_env.records import Evaluation, Request
from nas_env.tasks import task_class, task_names

__all__ = [
    "DataCorrupt",
    "DataNotFound",
    "Evaluation",
    "InvalidArchitecture",
    "InvalidTokens",
    "InvalidValue",
    "NASError",
    "Request",
    "UnknownName",
    "environment_ids",
]

__version__ = "0.1.0"


def environment_ids() -> tuple[str, ...]:
    """The ids that importing this package registers.

    Example:
        >>> "NAS-Digits-v0" in environment_ids()
        True
    """
    return tuple(id for task in task_names() for id in task_class(task).environments)


def _register() -> None:
    for task in task_names():
        for id, settings in task_class(task).environments.items():
            gymnasium.register(
                id,
                entry_point="nas_env.env:NASEnv",
                vector_entry_point="nas_env.vector_env:NASVectorEnv",
                kwargs={"task": task, **settings},
            )


_register()
