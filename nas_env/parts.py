"""The parts of a problem that names and settings choose: its objective, its recipe, its device."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

from nas_env.errors import InvalidValue, UnknownName
from nas_env.evaluation import evaluator_class, task_recipe
from nas_env.objectives import Objective, make_objective
from nas_env.tasks import Task, make_task
from nas_env.training.recipe import Recipe
from search_spaces._settings import named

Named = str | Mapping[str, Any]


def mapping(spec: Named) -> dict[str, Any]:
    """Return a spec as a mapping; a name alone is one with no settings."""
    return {"name": spec} if isinstance(spec, str) else dict(spec)


def on_top(below: Any, above: Any) -> Any:
    """Return settings with some changed, unless those are of another member, or a preset.

    Example:
        >>> on_top({"name": "reinforce", "entropy": 0.1}, {"entropy": 0.2})
        {'name': 'reinforce', 'entropy': 0.2}
        >>> on_top({"name": "reinforce", "entropy": 0.1}, "evolution")
        {'name': 'evolution'}
    """
    if not isinstance(above, (str, Mapping)) or not isinstance(below, (str, Mapping)):
        return above
    below, above = mapping(below), mapping(above)
    if "preset" in above or above.get("name", below.get("name")) != below.get("name"):
        return {**({"name": below["name"]} if "name" in below else {}), **above}
    return {**below, **above}


def chosen_task(spec: Named, default: Named | None = None) -> Task:
    """Return a task.

    Args:
        spec: Name, or name and settings; settings that are not given, and the name if there is
            none, are those of the default, if that is the one.
        default: Name, or name and settings, of the environment's own task.

    Example:
        >>> chosen_task({"train_size": 500}, "digits").spec["train_size"]
        500
    """
    return make_task(spec if default is None else on_top(default, spec))


def task_objective(task: Task, spec: Named | None = None) -> Objective:
    """Return an objective for a task.

    Args:
        task: What is measured.
        spec: Name, or name and settings; settings that are not given, and all if there is no name,
            are those of the task's own objective, if that is the one.

    Example:
        >>> from nas_env.tasks import make_task
        >>> task_objective(make_task("digits"), {"exponent": 1}).spec
        {'name': 'accuracy_cubed', 'failure_reward': 0.0, 'metric_name': None, 'exponent': 1.0}
    """
    default, defaults = named(task.objective, "objective")
    changed = {"name": default, **spec} if isinstance(spec, Mapping) else spec or default
    name, settings = named(changed, "objective")
    if name == default:
        settings = {**defaults, **settings}
    return make_objective({"name": name, **settings}, task.metrics)


def preset_recipe(task: Task, name: str) -> Recipe:
    """Return a task's recipe by its name."""
    if name not in task.recipes:
        raise UnknownName("recipe", str(name), task.recipes)
    return task.recipes[name]


def chosen_recipe(
    task: Task, spec: Named | None, device: torch.device, default: Named | None = None
) -> Recipe:
    """Return a recipe of a task.

    Args:
        task: What children are trained on.
        spec: Name, or settings, where ``"preset"`` names the recipe that they change.
        device: Device, on which the task's own recipe depends.
        default: Name, or settings, of the environment's own recipe; settings without a preset
            change it.
    """
    settings = dict(on_top(_recipe_settings(default), _recipe_settings(spec)))
    base = preset_recipe(task, settings.pop("preset", None) or task.default_recipe(device.type))
    return task_recipe(task, {**base.spec, **settings})


def _recipe_settings(spec: Named | None) -> Mapping[str, Any]:
    settings = {"preset": spec} if isinstance(spec, str) else spec or {}
    if not isinstance(settings, Mapping):
        raise InvalidValue(f"recipe is {spec!r}, expected a name or a mapping of settings")
    return settings


def choose_device(name: str, evaluator: Named | None = None) -> torch.device:
    """Return the device of a name; ``"auto"`` is CUDA if there is one here.

    Args:
        name: Name of the device.
        evaluator: Evaluator of the children; where it trains them on other machines, this one need
            not have the GPUs of ``"cuda"``.

    Raises:
        InvalidValue: If it is not a device, or not one of this machine.
    """
    chosen = mapping(evaluator or {}).get("name")
    if name == "cuda" and chosen is not None and evaluator_class(chosen).elsewhere:
        return torch.device(name)
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    known = re.fullmatch(r"cpu|cuda(?::(\d+))?", str(name), re.ASCII)
    if known is None:
        raise InvalidValue(f"device is {name!r}, expected auto, cpu, cuda or cuda:N")
    # The text is parsed, since torch reads an index as one byte, cuda:256 as cuda:0.
    if name != "cpu" and int(known[1] or 0) >= torch.cuda.device_count():
        raise InvalidValue(f"device is {name!r}, this machine has {torch.cuda.device_count()} GPUs")
    return torch.device(name)
