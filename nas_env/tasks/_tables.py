"""The base of tasks that answer from a table instead of training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from nas_env.metrics import VALIDATION_ACCURACY, Metric
from nas_env.table.format import Table
from nas_env.tasks._base import Task
from nas_env.training.recipe import Recipe
from search_spaces._settings import at_least


@dataclass(frozen=True)
class TableRecipe(Recipe):
    """The settings for looking up in a table.

    Attributes:
        fidelity: Number of epochs after which the validation metric is taken; 0 for the most.
        noise: ``"mean"``, the mean over the table's seeds; or ``"sample"``, one of them, which the
            evaluation seed and the architecture determine.
    """

    fidelity: int = 0
    noise: Literal["mean", "sample"] = "mean"

    def __post_init__(self) -> None:
        at_least(self, fidelity=0)


@dataclass(frozen=True)
class TableTask(Task):
    """A task whose architectures were trained before; a table has the results.

    A member defines :meth:`_read`.
    """

    version: ClassVar[int] = 0
    metric: ClassVar[Metric] = VALIDATION_ACCURACY
    recipes: ClassVar[Mapping[str, Recipe]] = {"table": TableRecipe()}
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "table"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    default_evaluator: ClassVar[str] = "table"

    @abstractmethod
    def _read(self) -> Table:
        """Read the table; reading it again costs nothing.

        Raises:
            DataNotFound: If it is missing; the message says where, and how to get it.
        """

    @property
    def table(self) -> Table:
        """The table."""
        return self._read()

    @property
    def space(self) -> Mapping[str, Any]:
        """The search space of the table."""
        return self.table.header.space

    def verify(self) -> None:
        """Check that the table is there and whole."""
        self._read()
