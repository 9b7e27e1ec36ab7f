"""The command ``python -m nas_env``: everything that can be named, with a line each.

python -m nas_env agents spaces
"""

from __future__ import annotations

import ast
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from agents import agent_names
from nas_env import environment_ids
from nas_env.command_line._choices import environment_space, environment_spec
from nas_env.command_line._docstrings import plain
from nas_env.command_line._help import readable
from nas_env.command_line._options import main_of, read_options
from nas_env.command_line._words import first_as
from nas_env.errors import UnknownName
from nas_env.evaluation import evaluator_names
from nas_env.objectives import objective_names
from nas_env.tasks import TrainingTask, make_task, task_class, task_names
from nas_env.tracking import tracker_names
from nas_env.training.recipe import ChildRecipe
from search_spaces import make_space, space_names

PROGRAM = "python -m nas_env"
ABOUT = "List what can be named, with a line each."
Lines = Mapping[str, str]


@dataclass(frozen=True)
class Options:
    """List what can be named: environments, agents, tasks and so on, with a line each.

    Attributes:
        what: Lists to print, which may also stand alone: ``environments``, ``agents``, ``tasks``,
            ``spaces``, ``recipes``, ``objectives``, ``evaluators``, ``trackers``; by default all.
        json: Print them as JSON.
    """

    what: tuple[str, ...] = ()
    json: bool = False


def _read(words: Sequence[str]) -> Options:
    """Return what a command line asks for."""
    found = read_options(Options(), first_as("--what", words), PROGRAM, ABOUT)
    for name in found.what:
        if name not in LISTS:
            raise UnknownName("list", name, LISTS)
    return Options(tuple(dict.fromkeys(found.what)) or tuple(LISTS), found.json)


def _list(options: Options) -> None:
    """Print the lists."""
    lists = {name: LISTS[name]() for name in options.what}
    with readable():
        if options.json:
            print(json.dumps(lists, indent=2, ensure_ascii=False))
        else:
            _print(lists)


def _print(lists: Mapping[str, Lines]) -> None:
    """Print lists in the width of the terminal; elsewhere, each member has one line."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    widest = max(len(name) for lines in lists.values() for name in lines)
    for name, lines in lists.items():
        print(f"{name}:")
        for member, text in lines.items():
            first, others = f"  {member:<{widest}}  ", " " * (widest + 4)
            print(textwrap.fill(text, width, initial_indent=first, subsequent_indent=others))


def _documented(package: str, names: Sequence[str]) -> dict[str, str]:
    """Return the first line that the module of each member says of itself; none is imported."""
    found = {}
    for name in names:
        spec = find_spec(f"{package}.{name}")
        source = Path(spec.origin).read_text() if spec and spec.origin else ""
        text = ast.get_docstring(ast.parse(source)) or ""
        found[name] = plain(text.partition("\n")[0]).rstrip(".")
    return found


def _environments() -> dict[str, str]:
    """Return what each environment is: the decisions of its space, and its task."""
    tasks = _documented("nas_env.tasks", task_names())
    found = {}
    for id in environment_ids():
        keywords: Mapping[str, Any] = environment_spec(id).kwargs
        task = make_task(keywords["task"])
        space = make_space(environment_space(task, keywords))
        found[id] = f"{space.length()} decisions, {space.name}; {tasks[task.name]}"
    return found


def _recipes() -> dict[str, str]:
    """Return how long each recipe of each task trains."""
    found = {}
    for name in task_names():
        if not issubclass(task_class(name), TrainingTask):
            continue
        for recipe, settings in make_task(name).recipes.items():
            assert isinstance(settings, ChildRecipe)
            epochs = "1 epoch" if settings.epochs == 1 else f"{settings.epochs} epochs"
            found[f"{name} {recipe}"] = f"{epochs}, batches of {settings.batch_size}"
    return found


#: The lists by name, in the order in which they are printed.
LISTS: Mapping[str, Callable[[], Lines]] = {
    "environments": _environments,
    "agents": lambda: _documented("agents", agent_names()),
    "tasks": lambda: _documented("nas_env.tasks", task_names()),
    "spaces": lambda: _documented("search_spaces", space_names()),
    "recipes": _recipes,
    "objectives": lambda: _documented("nas_env.objectives", objective_names()),
    "evaluators": lambda: _documented("nas_env.evaluation", evaluator_names()),
    "trackers": lambda: _documented("nas_env.tracking", tracker_names()),
}
main = main_of(PROGRAM, _read, _list, stopped="")

if __name__ == "__main__":
    sys.exit(main())
