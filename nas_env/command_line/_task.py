"""The task of a search, settled first, since its space and recipes may follow from its data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

from nas_env.command_line._help import Entry, nested, whole
from nas_env.command_line._tyro import parse_known, unknown
from nas_env.errors import InvalidValue, NASError
from nas_env.tasks import Task, make_task

PREFIX = "--task."
HELP = frozenset({"-h", "--help", "--help-all"})


def task_options(task: Task, only: Sequence[str] | None = None) -> Entry:
    """Return the options of a task, with the values that they have where they are not given."""
    return nested("task_settings", task, "Settings of the task.", "task", only=only)


def settled_task(spec: str | Mapping[str, Any], line: Sequence[str], program: str) -> Task:
    """Return the task of a command line, whose data was read if it has any of the user's own.

    Args:
        spec: Name, or name and settings, that hold where the command line gives none.
        line: The command line's words.
        program: Name of the program.

    Raises:
        InvalidValue: If a setting is wrong, or one is missing.
        NASError: If the data is missing, damaged or unfit; there is help all the same.
    """
    task = make_task(spec)
    if not HELP & set(line):
        return _changed(task, line, program).settled()
    with suppress(InvalidValue, NASError):
        return _changed(task, line, program).settled()
    return make_task(task.name) if task.source else task  # with no data


def _changed(task: Task, line: Sequence[str], program: str) -> Task:
    """Return a task with the settings that a command line gives."""
    if not any(word.startswith(PREFIX) for word in line):
        return task
    words = [word for word in line if word not in HELP]
    options = whole([task_options(task)])
    found, others = parse_known(options, words, program)
    for word in others:
        if word.startswith(PREFIX):
            raise InvalidValue(unknown(word, options))
    changed = make_task({"name": task.name, **asdict(found.task_settings)})
    content = task.content_setting
    if content is None or changed.source == task.source:
        return changed
    given = changed.spec[content] != task.spec[content]
    return changed if given else replace(changed, **{content: None})  # it is other data
