"""A task under test, with a space and a recipe that make its children small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from nas_env.problem import Problem
from nas_env.tasks import Task
from nas_env.testing._broken import Case

Named = str | Mapping[str, Any]


@dataclass(frozen=True)
class Posed(Case):
    """A task, and what its children are.

    Attributes:
        task: The task.
        space: Search space, by name and settings; None for that of the first of its environments.
        recipe: Recipe, or settings that differ from the default one.
    """

    task: Task
    space: Named | None = None
    recipe: Named | None = None

    @property
    def title(self) -> str:
        """The name of its class."""
        return type(self.task).__name__

    @property
    def of_environment(self) -> Mapping[str, Any]:
        """The keyword arguments of the first environment; empty if there is none."""
        return next(iter(self.task.environments.values()), {})

    @contextmanager
    def problem(self) -> Iterator[Problem]:
        """Make a problem of the task on the CPU, and close it when the block ends."""
        keywords: dict[str, Any] = dict(self.of_environment)
        if self.space is not None:
            keywords = {"space": self.space}
        keywords |= {"task": self.task.spec, "device": "cpu"}
        made = Problem(**keywords, recipe=self.recipe)
        try:
            yield made
        finally:
            made.close()
