"""Pages of agents, spaces, tasks, objectives, evaluators and trackers."""

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from _site import api, recipes, rst, settings
from agents import agent_class, agent_names
from nas_env.evaluation import evaluator_class, evaluator_names
from nas_env.objectives import objective_class, objective_names
from nas_env.tasks import TrainingTask, task_class, task_names
from nas_env.tracking import Tracker, tracker_names
from search_spaces import _catalogue, make_space, space_class, space_names


def agents() -> dict[str, str]:
    """Return the pages of agents: class, settings, presets."""
    return {name: _agent(name) for name in agent_names()}


def _agent(name: str) -> str:
    cls = agent_class(name)
    parts = [rst.heading(name), rst.code(f"nas-train --agent {name}", "sh")]
    parts += [_class(cls) + "   :exclude-members: config_class, presets\n"]
    parts += [rst.heading("Settings", "-"), settings.described(cls.config_class, "agent", cls)]
    default = asdict(cls.presets["default"])
    for preset, config in cls.presets.items():
        changed = {key: value for key, value in asdict(config).items() if value != default[key]}
        if changed:
            parts += [
                rst.heading(f"Preset {preset}", "-"),
                f"``--agent.preset {preset}`` changes:\n",
                rst.table(
                    ("setting", "value", "by default"),
                    [
                        (rst.literal(key), settings.shown(value), settings.shown(default[key]))
                        for key, value in changed.items()
                    ],
                ),
            ]
    return "\n".join(parts)


def spaces() -> dict[str, str]:
    """Return the pages of search spaces: class, settings, an architecture."""
    return {name: _space(name) for name in space_names()}


def _space(name: str) -> str:
    cls, space = space_class(name), make_space(name)
    shown = space.decode(space.sample(np.random.default_rng(0)))
    module = cls.__module__
    parts = [rst.heading(name), api.module(module)]
    parts += [
        rst.heading("Settings", "-"),
        f"By default the space has {len(space.decisions)} decisions and {space.size:,} "
        "sequences.\n",
        settings.table(cls, "space"),
        rst.heading("An architecture", "-"),
        "A random one, as JSON:\n",
        rst.code(_wrapped(shown.to_json()), "json"),
        *_used_by(name),
    ]
    return "\n".join(parts)


def _wrapped(text: str) -> str:
    """Return JSON with a line for each entry of its lists of lists or objects."""
    return text.replace("}, {", "},\n {").replace("], [", "],\n [")


def _used_by(name: str) -> Iterator[str]:
    """Yield a section with the environments of a space."""
    found = [id for id, space in environments_of_spaces() if space == name]
    if found:
        yield rst.heading("Environments", "-")
        yield ", ".join(f":doc:`{id} </docs/catalogue/environments/{id}>`" for id in found) + "\n"


def environments_of_spaces() -> Iterator[tuple[str, str]]:
    """Yield each environment's id with the name of its space, where the id names one."""
    for task in task_names():
        for id, keywords in task_class(task).environments.items():
            if space := keywords.get("space"):
                yield id, space if isinstance(space, str) else space["name"]


def tasks() -> dict[str, str]:
    """Return the pages of tasks: class, settings, recipes, environments."""
    return {name: _task(name) for name in task_names()}


def _task(name: str) -> str:
    cls = task_class(name)
    parts = [rst.heading(name), _class(cls), rst.heading("Settings", "-")]
    parts += [settings.table(cls, "task"), rst.heading("Recipes", "-")]
    if not issubclass(cls, TrainingTask):
        parts.append("Nothing is trained.\n")
    elif mapping := recipes.of(cls):
        links = (f":doc:`{recipe} </docs/catalogue/recipes/{recipe}>`" for recipe in mapping)
        chosen = ", ".join(f"``{key}``: ``{value}``" for key, value in cls.default_recipes.items())
        parts.append(f"{', '.join(links)}. By default, on {chosen}.\n")
    else:
        parts.append("They follow from the size of the data: :doc:`/docs/your_data`.\n")
    if cls.environments:
        links = (f":doc:`{id} </docs/catalogue/environments/{id}>`" for id in cls.environments)
        parts += [rst.heading("Environments", "-"), ", ".join(links) + "\n"]
    return "\n".join(parts)


def objectives() -> dict[str, str]:
    """Return the pages of objectives: class, settings."""
    found = {}
    for name in objective_names():
        cls = objective_class(name)
        parts = [rst.heading(name), _class(cls), rst.heading("Settings", "-")]
        found[name] = "\n".join([*parts, settings.table(cls, "objective", {"metric"})])
    return found


def evaluators() -> dict[str, str]:
    """Return the pages of evaluators: class, settings."""
    found = {}
    for name in evaluator_names():
        cls = evaluator_class(name)
        parts = [rst.heading(name), _class(cls), rst.heading("Settings", "-")]
        found[name] = "\n".join([*parts, settings.described(cls.Settings, "evaluator", cls)])
    return found


def trackers() -> dict[str, str]:
    """Return the pages of trackers."""
    members = {name: _catalogue.load("nas_env.tracking", name, Tracker) for name in tracker_names()}
    return {name: f"{rst.heading(name)}\n{_class(cls)}" for name, cls in members.items()}


def _class(cls: type) -> str:
    return f".. autoclass:: {cls.__module__}.{cls.__qualname__}\n   :members:\n"
