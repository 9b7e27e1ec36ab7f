"""Neural architecture search as Gymnasium environments.

Importing this registers one id per environment of each task::

    import gymnasium, nas_env
    env = gymnasium.make("NAS-CIFAR10-v0")
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas_env._version import __version__
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
    "__version__",
    "environment_ids",
    "load",
    "read_run",
    "register",
    "register_function",
    "register_table",
]

if TYPE_CHECKING:
    from nas_env.handover import LoadedNetwork
    from nas_env.search.reading import RunView

ENTRY_POINT = "nas_env.env.single:NASEnv"
OWN = {"task", "recipe"}  # arguments of which an id has its own, some of whose settings may change


def register(id: str, **settings: Any) -> None:
    """Register an environment, for :func:`gymnasium.make` and for the vector environment.

    Args:
        id: Id of the environment, of the form ``MyBench-v0``.
        **settings: Default keyword arguments, plain JSON values. ``task`` and ``recipe`` are
            the id's own: who makes the environment may change some of their settings and leave the
            others.

    Example:
        >>> register("NAS-TinyDigits-v0", task="digits", space="convolutional", layers=2)
        >>> import gymnasium
        >>> len(gymnasium.make("NAS-TinyDigits-v0").unwrapped.search_space.decisions)
        7
    """
    import gymnasium

    gymnasium.register(
        id,
        entry_point=ENTRY_POINT,
        vector_entry_point="nas_env.env.vector:NASVectorEnv",
        # Gymnasium merges keywords, but not what is in them: ``task={"train_size": 500}`` would
        # leave nothing of the id's own task.
        kwargs={**{f"default_{name}": settings[name] for name in OWN & set(settings)}, **settings},
    )


def register_table(id: str, path: str | Path) -> None:
    """Register a table of trained architectures as an environment.

    Args:
        id: Id of the environment, of the form ``MyBench-v0``.
        path: File of the table, which names its search space (docs/tables.md has the format).
    """
    register(id, task={"name": "table", "path": str(Path(path).absolute())})


def register_function(
    id: str,
    *,
    space: str | Mapping[str, Any],
    function: str,
    metric: str = "validation_accuracy",
    **options: Any,
) -> None:
    """Register a function of many sequences as an environment, in which nothing is trained.

    The function gets sequences, int64 (m, decisions), and returns arrays (m,) by their names: the
    metrics, each ``validation_…``, NaN where a child fails; and optionally ``test_…``,
    ``parameters``, ``flops`` and ``seconds`` (docs/functions.md has an example).

    Args:
        id: Id of the environment, of the form ``MyBench-v0``.
        space: Search space of the sequences: its name, or name and settings.
        function: Name of the function, as ``package.module:NAME``.
        metric: Name of the metric that the reward is made of.
        **options: Further settings of :class:`nas_env.tasks.function.AnyFunction`: ``maximise``,
            ``fidelities``, ``noisy``, ``optimum``, ``test_optimum``, ``failure_reward``.
    """
    task = {"name": "function", "function": function, "space": space, "metric_name": metric}
    register(id, task={**task, **options})


def environment_ids() -> tuple[str, ...]:
    """Return the ids that importing this package registers.

    Example:
        >>> "NAS-Digits-v0" in environment_ids()
        True
    """
    return tuple(id for task in task_names() for id in task_class(task).environments)


def load(folder: str | Path) -> LoadedNetwork:
    """Load a trained network from the folder in which it was handed over, ready to be used.

    Args:
        folder: Folder that :func:`nas_env.handover.write` wrote: ``RUN/final/network``.

    Raises:
        InvalidValue: If it is no such folder, or a file of it is missing or damaged.
    """
    from nas_env import handover

    return handover.load(folder)


def read_run(folder: str | PathLike[str]) -> RunView:
    """Return a view of a run, finished or not; nothing is locked or written.

    Args:
        folder: Folder of the run.

    Raises:
        InvalidValue: If it holds no run.
    """
    from nas_env.search import reading

    return reading.read_run(folder)


def _register() -> None:
    for task in task_names():
        for id, settings in task_class(task).environments.items():
            register(id, **{"task": task, **settings})


if find_spec("gymnasium"):  # to train a child, torch and numpy are enough
    _register()
