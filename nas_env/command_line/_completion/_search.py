"""The options of a search: which there are follows from the environment, the agent and so on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents import agent_class, agent_names, make_config
from nas_env import environment_ids
from nas_env.command_line._choices import SHORT, choose
from nas_env.command_line._completion._options import HELP, Described, options_of
from nas_env.command_line._evaluators import SHORT_NAMES, UnnamedSettings
from nas_env.command_line.arguments import Main
from nas_env.evaluation import evaluator_class, evaluator_names
from nas_env.evaluation.workers import WorkerSettings
from nas_env.objectives import objective_class, objective_names
from nas_env.search.loop import Depth
from search_spaces import space_class, space_names

PROGRAM = "nas-train"

#: Options by the name of their group: ``recipe of digits``.
Groups = dict[str, Described]


def search_program() -> dict[str, Any]:
    """Return what the tab key needs of a search."""
    groups: Groups = {}
    environments = {id: _of_environment(groups, id) for id in environment_ids()}
    chosen: Mapping[str, Mapping[str, Mapping[str, str]]] = {
        "--env": environments,
        "--agent": {name: {"agent": _agent(groups, name)} for name in agent_names()},
        "--space": {
            name: {"space": _group(groups, "space", space_class(name))} for name in space_names()
        },
        "--objective": {
            name: {"objective": _group(groups, "objective", objective_class(name))}
            for name in objective_names()
        },
        "--evaluator": {
            name: {"evaluator": _group(groups, "evaluator", evaluator_class(name).Settings)}
            for name in evaluator_names()
        },
    }
    defaults = Main()
    unnamed = {"evaluator": _group(groups, "evaluator", UnnamedSettings)}
    main = {name: told for name, told in options_of(Main).items() if name != "--depth"}
    others = {name: (([], False), "") for name in (*SHORT, "--help-all", "--version")}
    return {
        "options": {**main, **options_of(Depth, "depth."), **HELP, **others},
        "default": {**environments[defaults.env], **chosen["--agent"][defaults.agent], **unnamed},
        "chosen": chosen,
        "groups": groups,
    }


def _of_environment(groups: Groups, id: str) -> dict[str, str]:
    """Return the groups that an environment brings, by their kind; add them where they are new."""
    choices = choose(["--env", id, "--help"], make_config, PROGRAM, {})  # which needs no data
    recipe = f"recipe of {choices.task.name}"
    names = (tuple(choices.task.recipes), False), "Name of one of the task's recipes"
    groups[recipe] = {"--recipe": names, **options_of(type(choices.recipe), "recipe.")}
    return {
        "task": _group(groups, "task", type(choices.task)),
        "space": _group(groups, "space", type(choices.space)),
        "objective": _group(groups, "objective", type(choices.objective)),
        "recipe": recipe,
    }


def _agent(groups: Groups, name: str) -> str:
    """Return the group of an agent, with the names of its presets."""
    cls = agent_class(name)
    presets = (tuple(cls.presets), False), "Name of some settings of the agent"
    groups[f"agent {name}"] = {
        **options_of(cls.config_class, "agent."),
        "--agent.preset": presets,
    }
    return f"agent {name}"


def _group(groups: Groups, kind: str, settings: type) -> str:
    """Return the group of a dataclass of settings."""
    name = f"{kind} {settings.__name__}"
    short = SHORT_NAMES if issubclass(settings, WorkerSettings) else frozenset()
    groups[name] = options_of(settings, f"{kind}.", short)
    return name
