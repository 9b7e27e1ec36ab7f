"""Objectives, one file a member: what makes a reward of what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nas_env.errors import UnknownName
from nas_env.metrics import Metric
from nas_env.objectives._base import Objective
from search_spaces import _catalogue
from search_spaces._settings import from_mapping, named

__all__ = ["Objective", "make_objective", "objective_class", "objective_names"]


def objective_names() -> tuple[str, ...]:
    """Return the names of the objectives that ship with the package."""
    return _catalogue.names("nas_env.objectives")


def objective_class(name: str) -> type[Objective]:
    """Return the class of an objective, named by its file or as ``package.module:NAME``."""
    return _catalogue.load("nas_env.objectives", name, Objective)


def make_objective(spec: str | Mapping[str, Any], metric: Metric) -> Objective:
    """Make an objective from its name, or from its name and settings.

    Args:
        spec: Name, or a mapping of ``name`` and settings.
        metric: Main metric of the task that it is for.

    Raises:
        UnknownName: If there is no such objective or setting.
        InvalidValue: If a setting's value is wrong, or the objective is not for such a metric.

    Example:
        >>> from nas_env.metrics import VALIDATION_ACCURACY
        >>> make_objective({"name": "accuracy_cubed", "exponent": 2}, VALIDATION_ACCURACY).exponent
        2.0
    """
    name, settings = named(spec, "objective")
    member = objective_class(name)
    what, known = f"setting of the {name} objective", member.setting_names()
    for setting in settings:
        if setting not in known:
            raise UnknownName(what, setting, known)
    return from_mapping(member, {**settings, "metric": metric}, what)
