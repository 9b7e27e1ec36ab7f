"""Objectives, one file a member: what makes a reward of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def make_objective(spec: str | Mapping[str, Any], metrics: Sequence[Metric]) -> Objective:
    """Make an objective from its name, or from its name and settings.

    Args:
        spec: Name, or a mapping of ``name`` and settings.
        metrics: Metrics of the task that it is for, the main one first.

    Raises:
        UnknownName: If there is no such objective, setting or metric.
        InvalidValue: If a setting's value is wrong, or the objective is not for such a metric.

    Example:
        >>> from nas_env.metrics import VALIDATION_ACCURACY
        >>> spec = {"name": "accuracy_cubed", "exponent": 2}
        >>> make_objective(spec, [VALIDATION_ACCURACY]).exponent
        2.0
    """
    name, settings = named(spec, "objective")
    member = objective_class(name)
    what, known = f"setting of the {name} objective", member.setting_names()
    for setting in settings:
        if setting not in known:
            raise UnknownName(what, setting, known)
    metric = _metric(settings.get("metric_name"), metrics)
    return from_mapping(member, {**settings, "metric": metric}, what)


def _metric(name: str | None, metrics: Sequence[Metric]) -> Metric:
    """Return the metric of a name; the main one if there is none."""
    if name is None:
        return metrics[0]
    for metric in metrics:
        if metric.name == name:
            return metric
    raise UnknownName("metric of the task", str(name), [metric.name for metric in metrics])
