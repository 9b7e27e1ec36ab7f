"""The subject of a final training: the run of a search, or an architecture that is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agents import make_config
from nas_env.command_line._choices import choose
from nas_env.command_line._evaluators import choose_evaluator
from nas_env.command_line._help import Entry, nested
from nas_env.command_line._named_architectures import named_architecture
from nas_env.command_line._task import task_options
from nas_env.command_line.resuming import CONTROL
from nas_env.errors import InvalidValue
from nas_env.files import read_json
from nas_env.final.top import Found, top
from nas_env.run.folder import CONFIG, evaluations_file, holds_run
from nas_env.run.paths import check_folder, check_name
from nas_env.run.store import Store
from nas_env.tasks import Task, make_task

STORE = "results.sqlite"


class Subject(NamedTuple):
    """The architectures that are trained to the end, and the parts of their problem.

    Attributes:
        folder: Folder in which all is kept.
        env: Id of the environment.
        id: Name of the run in its store.
        store: File of the evaluations.
        make: Keyword arguments of :class:`~nas_env.problem.Problem`; a recipe is still to come.
        task: The task.
        evaluator: Settings of the evaluator.
        grid: Name of the grid where none is given.
        found: Function that returns so many architectures, and what the random control found.
        options: Further options of the command line.
    """

    folder: Path
    env: str
    id: str
    store: Path
    make: dict[str, Any]
    task: Task
    evaluator: Any
    grid: str
    found: Callable[[int], tuple[list[Found], Found | None]]
    options: Sequence[Entry] = ()


def of_run(run: str) -> Subject:
    """Return the run of a search.

    Raises:
        InvalidValue: If there is none, or its configuration is not whole.
        NASError: If its task cannot be made any more.
    """
    folder = check_name(run, "a run's folder")
    if not holds_run(folder):
        raise InvalidValue(f"{folder} holds no run: it has no config.json")
    config = read_json(folder / "config.json", CONFIG)
    task, store = make_task(config["make"]["task"]), evaluations_file(folder, config)
    _, evaluator = choose_evaluator(None, config["make"]["evaluator"])

    def found(count: int) -> tuple[list[Found], Found | None]:
        best = _of_store(store, config["id"], task, count)
        if not best:
            raise InvalidValue(f"{folder} has no child that succeeded: nothing to train")
        has_control = holds_run(folder / CONTROL)
        control = _of_store(store, f"{config['id']}-{CONTROL}", task, 1) if has_control else []
        return best, control[0] if control else None

    parts = config["env"], config["id"], store, config["make"], task, evaluator
    return Subject(folder, *parts, "small", found)


def _of_store(store: Path, run: str, task: Task, count: int) -> list[Found]:
    """Return the best architectures of a search that is in a store."""
    if not store.is_file():
        raise InvalidValue(f"{store} is missing: the evaluations of the run")
    opened = Store(store, run)
    try:
        return top(opened.episodes(), task.metric, count)
    finally:
        opened.close()


def of_architecture(
    text: str, env: str | None, run: str | None, line: Sequence[str], program: str
) -> Subject:
    """Return an architecture that no search found, on an environment's task.

    Args:
        text: File of JSON, or ``published:NAME``.
        env: Id of the environment.
        run: Folder in which all is kept; None for one that is named after both.
        line: The command line's words; the settings of the task count here.
        program: Name of the program.

    Raises:
        InvalidValue: If one of them is wrong, or the environment is missing.
    """
    if env is None:
        raise InvalidValue(
            "--architecture needs --env, the environment whose task it is trained on"
        )
    name, architecture = named_architecture(text)
    choices = choose(line, make_config, program, {})
    folder = Path(run) if run is not None else Path("runs") / f"{env.split(':')[-1]}-{name}"
    check_folder(folder, "a run's folder")
    if holds_run(folder):
        raise InvalidValue(f"{folder} is the run of a search: name another --run")
    made: Mapping[str, Any] = {
        "task": choices.task.spec,
        "space": choices.space.spec,
        "objective": choices.objective.spec,
        "device": "auto",
    }
    options = [
        task_options(choices.task),
        nested("space_settings", choices.space, "Settings of the search space.", "space"),
    ]
    parts = env, f"final-{name}", folder / STORE, dict(made), choices.task, choices.evaluator
    return Subject(
        folder, *parts, "none", lambda count: ([Found(name, architecture)], None), options
    )
