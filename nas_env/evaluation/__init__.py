"""Evaluators: one file per member. They turn requests into futures of evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from nas_env.evaluation._base import Evaluator
from nas_env.evaluation._child import evaluate, train_child
from nas_env.evaluation._job import task_recipe
from nas_env.evaluation._tickets import Ticket
from nas_env.run.store import Store
from search_spaces import _catalogue
from search_spaces._settings import from_mapping, named

__all__ = [
    "Evaluator",
    "Ticket",
    "evaluate",
    "evaluator_class",
    "evaluator_names",
    "make_evaluator",
    "task_recipe",
    "train_child",
]


def evaluator_names() -> tuple[str, ...]:
    """Return the names of the evaluators that ship with the package."""
    return _catalogue.names("nas_env.evaluation")


def evaluator_class(name: str) -> type[Evaluator]:
    """Return the class of an evaluator, named by its file or as ``package.module:NAME``."""
    return _catalogue.load("nas_env.evaluation", name, Evaluator)


def make_evaluator(spec: str | Mapping[str, Any], device: torch.device, store: Store) -> Evaluator:
    """Make an evaluator from its name, or from a mapping of ``name`` and settings.

    Raises:
        UnknownName: If there is no such evaluator, or it has no such setting.
        InvalidValue: If a setting is wrong.
    """
    name, settings = named(spec, "evaluator")
    member = evaluator_class(name)
    return member(device, store, from_mapping(member.Settings, settings, "evaluator setting"))
