"""The evaluator of a search: the one that is named, or what the task and ``--workers`` decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from nas_env.evaluation import evaluator_class
from nas_env.evaluation.in_process import InProcessEvaluator
from nas_env.evaluation.table import TableEvaluator
from nas_env.evaluation.workers import WorkerSettings, WorkersEvaluator
from nas_env.parts import mapping
from nas_env.tasks import Task
from search_spaces._settings import at_least, from_mapping

IN_PROCESS, TABLE, WORKERS = (
    member.name() for member in (InProcessEvaluator, TableEvaluator, WorkersEvaluator)
)
WHAT = "evaluator setting"


@dataclass(frozen=True)
class UnnamedSettings(WorkerSettings):
    """Settings where no evaluator is named: those of workers, or of none with 0.

    Attributes:
        workers: Children trained at once, each in a process of its own with one thread; ``auto``:
            one a core, or as ``--children-per-gpu`` says. 0 trains in this process.
        time_limit: Seconds that a child may take in a worker; by default there is no limit.
        memory_limit: Gigabytes that a worker may take on a CPU; ``auto``: an equal share.
        children_per_gpu: Children at once on each GPU, where ``--workers`` is ``auto``.
        checkpoint_every: Seconds of a training between two checkpoints, from which it goes on where
            it was killed; 0 for none.
    """

    def __post_init__(self) -> None:
        at_least(self, checkpoint_every=0)
        if self.workers != 0:
            super().__post_init__()


#: Settings with a short name: ``--workers`` is ``--evaluator.workers``.
SHORT_NAMES = frozenset(field.name for field in fields(WorkerSettings))


def short_names(settings: Any) -> frozenset[str]:
    """Return the settings of an evaluator that have a short name: those of workers."""
    return SHORT_NAMES if isinstance(settings, WorkerSettings) else frozenset()


def choose_evaluator(named: str | None, spec: str | Mapping[str, Any]) -> tuple[str | None, Any]:
    """Return the evaluator's name, and the settings that it has where none are given.

    Args:
        named: The name that was given, or None.
        spec: The evaluator of a configuration, or an empty mapping.

    Returns:
        None for the name where the task and the number of workers are to decide.
    """
    settings = {"name": None, **mapping(spec)}
    name = settings.pop("name")
    if name == IN_PROCESS:
        name, settings = WORKERS, {**settings, "workers": 0}
    chosen = named or (None if name in (TABLE, WORKERS) else name)
    cls = UnnamedSettings if chosen is None else evaluator_class(chosen).Settings
    fits = name in (None, chosen or WORKERS)
    return chosen, from_mapping(cls, settings if fits else {}, WHAT)


def evaluator_spec(name: str | None, values: Any, task: Task) -> dict[str, Any]:
    """Return the spec of an evaluator, its settings checked.

    Args:
        name: The name that was given, or None.
        values: Dataclass with the values of its settings.
        task: Task of the search; where nothing is trained, it decides unless one was named.

    Raises:
        InvalidValue: If a setting is wrong.
    """
    settings = asdict(values)
    if name is None:
        from_mapping(UnnamedSettings, settings, WHAT)
        if task.default_evaluator != IN_PROCESS:
            return {"name": task.default_evaluator}
        if settings["workers"] == 0:
            return {"name": IN_PROCESS, "checkpoint_every": settings["checkpoint_every"]}
        return {"name": WORKERS, **settings}
    from_mapping(evaluator_class(name).Settings, settings, WHAT)
    return {"name": name, **settings}
