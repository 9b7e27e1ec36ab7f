"""The settings that a task needs before it can be used: those of benchmarks, and a path to data.

A task of one's own data is added by a line of ``DRAWN``.
"""

import hashlib
import inspect
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import gymnasium

from nas_env.parts import mapping
from nas_env.tasks import Task, make_task
from tests import outside_space
from tests._own import draw_splits
from tests._own_text import write_text

#: Settings by the name of a task.
SETTINGS: dict[str, dict[str, Any]] = {
    "table": {"path": str(outside_space.TABLE)},
    "function": {
        "function": "tests.outside_function:fitness",
        "metric_name": "validation_fitness",
        "space": "choices",
    },
}

#: Functions that draw little data in an empty folder, by the name of a task whose ``path`` it is.
DRAWN: dict[str, Callable[[Path], None]] = {"text": write_text, "images": draw_splits}


@cache
def needed(name: str) -> dict[str, Any]:
    """Return the settings without which a task cannot be used; none for most."""
    if name in DRAWN:
        return {"path": str(_drawn(name, DRAWN[name]))}
    return SETTINGS.get(name, {})


def task_of(id: str) -> dict[str, Any]:
    """Return the task of an environment's id, with what it needs."""
    task = mapping(gymnasium.spec(id).kwargs["task"])
    return {**task, **needed(task["name"])}


def made(name: str, **settings: Any) -> Task:
    """Return a task with what it needs, settled."""
    return make_task({"name": name, **needed(name), **settings}).settled()


def _drawn(name: str, draw: Callable[[Path], None]) -> Path:
    """Return a folder of data that all test processes share, so that it is cached only once."""
    drawing = hashlib.sha256(inspect.getsource(draw).encode()).hexdigest()[:8]
    folder = Path(tempfile.gettempdir()) / f"nas-env-tests-{os.getuid()}" / f"{name}-{drawing}"
    if not folder.is_dir():
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent))
        draw(fresh)
        try:
            fresh.rename(folder)
        except OSError:  # another process has drawn it
            shutil.rmtree(fresh)
    return folder
