"""Resuming a run: what a command line must repeat, what it may change, and a new budget."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nas_env.command_line._choices import first_look
from nas_env.errors import DataInvalid, InvalidValue
from nas_env.evaluation import task_recipe
from nas_env.evaluation.simulated import SimulatedEvaluator
from nas_env.parts import mapping
from nas_env.run.folder import CONTROL, Run, holds_run, store_of
from nas_env.run.store import open_store
from nas_env.search.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from nas_env.search.history import check_history
from nas_env.tasks import Task
from search_spaces import make_space

#: What may change in a run's configuration: no reward depends on it, or it is another budget.
MAY_CHANGE = frozenset(
    {"children", "control", "group", "minutes", "project", "stop_after_failures", "tags", "track"}
)
_LOG = logging.getLogger(__name__)


class Differs(InvalidValue):
    """A command line that resumes a run sets a value that differs from the run's."""

    def __init__(self, option: str, given: Any, has: Any):
        super().__init__(f"{option} is {_shown(given)}, the run has {_shown(has)}")


def run_to_resume(line: Sequence[str]) -> Path | None:
    """Return the folder of the run that a command line resumes; None if it begins a run.

    Raises:
        InvalidValue: If ``--resume`` stands there without ``--run``.
    """
    chosen = first_look(line)
    if chosen.resume in (None, "no"):
        return None
    if chosen.run is None:
        raise InvalidValue("--resume needs --run, the folder of the run to go on with")
    folder = Path(chosen.run)
    return None if chosen.resume == "auto" and not holds_run(folder) else folder


def refuse_another(given: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Refuse another environment, agent, objective or space than a run has.

    Args:
        given: A part of a configuration, from the command line or a file.
        config: The run's configuration.

    Raises:
        Differs: If one is another.
    """
    wanted, has = _names(given), _names(config)
    for name, value in wanted.items():
        if value not in (None, has[name]):
            raise Differs(f"--{name}", value, has[name])


def _names(config: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the names of what decides which settings there are."""
    make = config.get("make", {})
    specs = {"agent": config.get("agent"), **{k: make.get(k) for k in ("objective", "space")}}
    return {"env": config.get("env"), **{k: mapping(v or {}).get("name") for k, v in specs.items()}}


def resumed_config(old: Mapping[str, Any], new: Mapping[str, Any], task: Task) -> dict[str, Any]:
    """Return a run's configuration with what a command line changes of it.

    Args:
        old: The run's configuration.
        new: The configuration that the command line makes.
        task: The task that the command line makes; where its data lies may change.

    Raises:
        Differs: If it changes something that a reward depends on.
        DataInvalid: If the task's data is another.
    """
    changed = json.loads(json.dumps({**new, "id": old["id"]}))
    has = dict(_settings(_whole(old, task)))
    moved = {_option("task", name) for name in task.source}
    content = _option("task", task.content_setting or "")
    for option, value in _settings(changed):
        if option == content and value != has[option]:
            raise DataInvalid(f"the data is not the run's: {Differs(option, value, has[option])}")
        if option not in moved and option in has and value != has[option]:
            raise Differs(option, value, has[option])
    return changed


def _whole(config: Mapping[str, Any], task: Task) -> dict[str, Any]:
    """Return a run's configuration with settings that there were not when it was made."""
    make = config["make"]
    whole = {
        "recipe": task_recipe(task, make["recipe"]).spec,
        "space": make_space(make["space"]).spec,
    }
    return {**config, "make": {**make, **whole}}


def _settings(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield all that a run cannot change, as command-line options and their values."""
    make = config["make"]
    nested = {"agent": config["agent"], "depth": config["depth"]}
    nested |= {name: make[name] for name in ("task", "objective", "space", "recipe")}
    for part, values in nested.items():
        for name, value in values.items():
            yield _option(part, name), value
    yield from _clock(mapping(make["evaluator"]))
    yield "--evaluation-seed", make["evaluation_seed"]
    yield "--device", make["device"].partition(":")[0]
    for name, value in config.items():
        if name not in {"id", "make", *nested, *MAY_CHANGE}:
            yield f"--{name}".replace("_", "-"), value


def _clock(evaluator: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the settings of a simulated cluster: the moments in the history depend on them."""
    simulated = evaluator["name"] == SimulatedEvaluator.name()
    yield "--evaluator", evaluator["name"] if simulated else "not simulated"
    for name, value in evaluator.items() if simulated else ():
        if name != "name":
            yield _option("evaluator", name), value


def _option(part: str, name: str) -> str:
    return f"--{part}.{name}".replace("_", "-")


def _shown(value: Any) -> str:
    """Return a value as it is written on a command line."""
    if isinstance(value, list):
        return " ".join(map(_shown, value)) or "empty"
    return str(value)


def mend_summary(run: Run) -> None:
    """Put a damaged summary aside, so that the search makes it anew of the store."""
    try:
        _ = run.summary
    except InvalidValue as error:
        reason = str(error).partition("; to make")[0]
        kept = run.put_summary_aside("damaged")
        _LOG.warning("%s; it is kept as %s, and made anew of the store", reason, kept.name)


def check_store(run: Run, config: Mapping[str, Any]) -> None:
    """Check that a run's store has all that was played, before the run goes on.

    Where it was recovered without some of it, the run is not finished any more.

    Raises:
        StoreError: If it is damaged, or lacks children.
    """
    if not check_history(run.folder, store_of(run.folder, config), config["id"]) and run.summary:
        kept = run.put_summary_aside("earlier")
        line = "%s: the recovered store lacks some of its children, which are played again; %s"
        _LOG.warning(line, run.folder, f"its summary so far is kept as {kept.name}")


def change_budget(run: Run, children: int) -> None:
    """Prepare a run to be played again with another budget.

    It ends as one that had this budget from the beginning, because it is played from the first
    episode. No child is trained twice, because its evaluation is in the store. A process that is
    killed here leaves the run as it was, or unfinished with its former budget.

    Raises:
        InvalidValue: If more children than that were played.
    """
    config = run.config
    store = open_store(store_of(run.folder, config), config["id"])
    played = len(store.episodes())
    store.close()
    if played > children:
        raise InvalidValue(f"--children is {children}, the run has played {played}")
    for folder in (run.checkpoints, run.folder / CONTROL / run.checkpoints.name):
        _forget(folder)
    run.reopen()


def _forget(checkpoints: Path) -> None:
    """Replace the checkpoints of a search by one from before its first episode."""
    last = read_checkpoint(checkpoints)
    if last is not None:
        shutil.rmtree(checkpoints)
        write_checkpoint(checkpoints, Checkpoint(0, search=last.search))
