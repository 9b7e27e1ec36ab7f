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
from nas_env.command_line._evaluators import choose_evaluator
from nas_env.command_line._task import settled_task
from nas_env.errors import InvalidValue, UnknownName
from nas_env.objectives import Objective
from nas_env.parts import (
    choose_device,
    chosen_recipe,
    mapping,
    on_top,
    preset_recipe,
    task_objective,
)
from nas_env.tasks import Task
from search_spaces import SearchSpace, make_space

ENVIRONMENT, AGENT = "NAS-Digits-v0", "reinforce"  # where none is chosen

#: The keyword arguments of an id that are not settings of its space.
PROBLEM = frozenset(
    {"task", "space", "objective", "recipe", "device", "evaluator", "evaluation_seed", "store"}
)

#: Keyword that an id has beside them, of which it was registered: its own task.
DEFAULTS = frozenset({"default_task", "default_recipe"})

#: Those of them that another environment has of its own.
OF_ENVIRONMENT = frozenset({"task", "space", "objective", "recipe"})

#: Settings so common that they have a short name.
SHORT = {
    "--avoid-repeats": "--agent.avoid-repeats",
    "--no-avoid-repeats": "--agent.no-avoid-repeats",
    "--keep-going": "--stop-after-failures=0",
}

#: What is looked for before it is known which settings there are.
DECIDING = ("env", "agent", "objective", "recipe", "space", "evaluator")
DECIDING += ("device", "config", "resume", "run")

#: A function from an agent's spec to its name and configuration.
ConfigMaker = Callable[[Mapping[str, Any]], tuple[str, Any]]


class Choices(NamedTuple):
    """The chosen agent, task and so on, with the defaults of their options.

    Attributes:
        task: Settled, and with what the command line changes of it.
        evaluator_name: None where the task and ``--workers`` choose.
    """

    agent_name: str
    agent: Any
    task: Task
    objective: Objective
    space: SearchSpace
    recipe: Any
    evaluator_name: str | None
    evaluator: Any


def first_look(line: Sequence[str]) -> argparse.Namespace:
    """Return the values on a command line that decide which further options there are."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name in DECIDING:
        parser.add_argument(f"--{name}", nargs="?")
    parser.add_argument("--agent.preset", dest="preset", nargs="?")
    return parser.parse_known_args(spelled_out(line))[0]


def named_on(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return what a command line names, as a part of a configuration."""
    make = {"objective": chosen.objective, "space": chosen.space}
    return {"env": chosen.env, "agent": chosen.agent, "make": make}


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


def choose(
    line: Sequence[str], make_config: ConfigMaker, program: str, config: Mapping[str, Any]
) -> Choices:
    """Return what a search is made of.

    Args:
        line: The command line's words. Another environment than the configuration's has its own
            task, space, objective and recipe; another agent, space, objective, recipe or evaluator
            its own settings. The settings of the task count here, since the rest may follow from
            its data.
        make_config: Function from an agent's spec to its name and configuration.
        program: Name of the program.
        config: A configuration, or a part of one; what it leaves open is the environment's.
    """
    chosen = first_look(line)
    env, make = config.get("env", ENVIRONMENT), dict(config.get("make", {}))
    if chosen.env not in (None, env):
        env, make = chosen.env, {k: v for k, v in make.items() if k not in OF_ENVIRONMENT}
    keywords = dict(environment_spec(env).kwargs)
    task = settled_task(on_top(keywords["task"], make.get("task", {})), line, program)
    recipe = _recipe(chosen, task, keywords, make)
    agent = make_config(_agent(chosen, config.get("agent", {})))
    space = make_space(_space(chosen, task, keywords, make.get("space", {})))
    objective = _objective(chosen, task, keywords, make.get("objective", {}))
    evaluator = choose_evaluator(chosen.evaluator, make.get("evaluator", {}))
    return Choices(*agent, task, objective, space, recipe, *evaluator)


def _agent(chosen: argparse.Namespace, configured: str | Mapping[str, Any]) -> dict[str, Any]:
    agent = {"name": AGENT, **mapping(configured)}
    if chosen.agent not in (None, agent["name"]):
        agent = {"name": chosen.agent}
    return agent if chosen.preset is None else {"name": agent["name"], "preset": chosen.preset}


def _space(
    chosen: argparse.Namespace, task: Task, keywords: Mapping[str, Any], configured: Any
) -> Any:
    if chosen.space is not None:
        spec = on_top({"name": chosen.space}, configured)
        return spec if spec["name"] == chosen.space else chosen.space
    return on_top(environment_space(task, keywords), configured)


def environment_space(task: Task, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return name and settings of the search space of an environment, by its id's keywords."""
    apart = {*PROBLEM, *DEFAULTS}
    settings = {key: value for key, value in keywords.items() if key not in apart}
    return {**mapping(keywords.get("space") or task.space or ""), **settings}


def _objective(
    chosen: argparse.Namespace, task: Task, keywords: Mapping[str, Any], configured: Any
) -> Objective:
    own = on_top(task.objective, keywords.get("objective") or {})
    spec = mapping(on_top(own, configured))
    return task_objective(
        task, spec if chosen.objective in (None, spec["name"]) else chosen.objective
    )


def _recipe(
    chosen: argparse.Namespace, task: Task, keywords: Mapping[str, Any], make: Mapping[str, Any]
) -> Any:
    evaluator = chosen.evaluator or make.get("evaluator")
    device = choose_device(given(chosen.device, make.get("device", "auto")), evaluator)
    if chosen.recipe is not None:
        return preset_recipe(task, chosen.recipe)
    return chosen_recipe(task, make.get("recipe"), device, keywords.get("recipe"))


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
