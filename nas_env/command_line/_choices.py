"""The choices that decide which command-line options there are."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

import gymnasium
from gymnasium.envs.registration import EnvSpec

from nas_env import ENTRY_POINT
from nas_env.errors import InvalidValue, UnknownName
from nas_env.problem import choose_device
from nas_env.tasks import Task, make_task
from search_spaces import SearchSpace, make_space
from search_spaces._settings import named

ENVIRONMENT, AGENT = "NAS-Digits-v0", "reinforce"  # where none is chosen

#: The keyword arguments of an id that are not settings of its space.
PROBLEM = frozenset({"task", "space", "recipe", "device", "evaluator", "evaluation_seed", "store"})

#: Settings so common that they have a short name.
SHORT = {
    "--avoid-repeats": "--agent.avoid-repeats",
    "--no-avoid-repeats": "--agent.no-avoid-repeats",
    "--keep-going": "--stop-after-failures=0",
}

#: A function from an agent's spec to its name and configuration.
ConfigMaker = Callable[[Mapping[str, Any]], tuple[str, Any]]


class Choices(NamedTuple):
    """The chosen agent, task, space and recipe, with the defaults of their options."""

    agent_name: str
    agent: Any
    task: Task
    space: SearchSpace
    recipe: Any


def first_look(line: Sequence[str]) -> argparse.Namespace:
    """Return the values on a command line that decide which further options there are."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name in ("env", "agent", "recipe", "space", "device", "resume", "run"):
        parser.add_argument(f"--{name}", nargs="?")
    parser.add_argument("--agent.preset", dest="preset", nargs="?")
    return parser.parse_known_args(spelled_out(line))[0]


def spelled_out(line: Sequence[str]) -> list[str]:
    """Return a command line without its short forms.

    Example:
        >>> spelled_out(["--resume", "--avoid-repeats"])
        ['--resume', 'yes', '--agent.avoid-repeats']
        >>> spelled_out([])
        []
    """
    words: list[str] = []
    for word, following in zip_longest(line, line[1:], fillvalue="--"):
        words.append(SHORT.get(word, word))
        if word == "--resume" and following.startswith("-"):
            words.append("yes")
    return words


def choose(chosen: argparse.Namespace, make_config: ConfigMaker) -> Choices:
    """Return what a new run is made of, as far as it was chosen; the rest is the environment's."""
    keywords = dict(environment_spec(given(chosen.env, ENVIRONMENT)).kwargs)
    task = make_task(keywords["task"])
    if chosen.space is not None:
        name, space = chosen.space, {}
    else:
        name, space = named(keywords.get("space") or task.space or "", "space")
        space |= {key: value for key, value in keywords.items() if key not in PROBLEM}
    device = choose_device(given(chosen.device, "auto"))
    recipe = preset_recipe(task, given(chosen.recipe, task.default_recipe(device.type)))
    spec = {"name": given(chosen.agent, AGENT), "preset": given(chosen.preset, "default")}
    return Choices(*make_config(spec), task, make_space({"name": name, **space}), recipe)


def given(value: str | None, default: str) -> str:
    """Return what was given, also where that is empty, or else the default."""
    return default if value is None else value


def environment_spec(env: str) -> EnvSpec:
    """Return the registration of an id of our environment, ``ID`` or ``module:ID``.

    Raises:
        InvalidValue: If the module cannot be imported, or registers no such id.
    """
    module, colon, name = env.rpartition(":")
    if colon:
        try:
            importlib.import_module(module)
        except (ImportError, TypeError, ValueError) as error:
            raise InvalidValue(f"cannot import {module!r} of --env {env}: {error}") from None
    known = {id for id, spec in gymnasium.registry.items() if spec.entry_point == ENTRY_POINT}
    if name not in known:
        raise UnknownName("environment", env, known)
    return gymnasium.spec(name)


def preset_recipe(task: Task, recipe: str) -> Any:
    """Return a task's recipe by its name."""
    if recipe not in task.recipes:
        raise UnknownName("recipe", recipe, task.recipes)
    return task.recipes[recipe]
