"""Evaluators: one file per member. They turn requests into futures of evaluations."""

from __future__ import annotations

from nas_env.evaluation._base import Evaluator
from nas_env.evaluation._child import evaluate, task_recipe, train_child
from search_spaces import _catalogue

__all__ = [
    "Evaluator",
    "evaluate",
    "evaluator_class",
    "evaluator_names",
    "task_recipe",
    "train_child",
]


def evaluator_names() -> tuple[str, ...]:
    """The evaluators that ship with the package."""
    return _catalogue.names("nas_env.evaluation")


def evaluator_class(name: str) -> type[Evaluator]:
    """The class of an evaluator, by its file's name or as ``package.module:NAME``."""
    return _catalogue.load("nas_env.evaluation", name, Evaluator)
