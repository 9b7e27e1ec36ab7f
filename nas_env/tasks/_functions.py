"""The bases of tasks that answer by a function, a table's or another, instead of training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, ClassVar, Literal

from nas_env.metrics import VALIDATION_ACCURACY, Metric
from nas_env.table.format import Table
from nas_env.table.function import Function
from nas_env.table.lookup import Lookup, lookup
from nas_env.tasks._base import Task
from nas_env.training.recipe import Recipe
from search_spaces._settings import at_least


@dataclass(frozen=True)
class FunctionRecipe(Recipe):
    """The settings for asking a function or a table.

    Attributes:
        fidelity: Fidelity of the validation metric, in a table the number of epochs after which it
            is taken; 0 for the highest.
        noise: ``"mean"``, free of noise, in a table the mean over its seeds; or ``"sample"``, one
            of them, which the evaluation seed and the architecture determine.
    """

    fidelity: int = 0
    noise: Literal["mean", "sample"] = "mean"

    def __post_init__(self) -> None:
        at_least(self, fidelity=0)


@dataclass(frozen=True)
class FunctionTask(Task):
    """A task without training: a function has the results.

    A member defines :meth:`make_function`.
    """

    version: ClassVar[int] = 0
    trains: ClassVar[bool] = False
    recipes: ClassVar[Mapping[str, Recipe]] = {"function": FunctionRecipe()}
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "function"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    default_evaluator: ClassVar[str] = "table"

    @abstractmethod
    def make_function(self) -> Function:
        """Return the function; calling this again costs little.

        Raises:
            DataNotFound: If its data is missing; the message says where, and how to get it.
        """

    def verify(self) -> None:
        """Check that the function is there and whole."""
        self.make_function()


@dataclass(frozen=True)
class TableTask(FunctionTask):
    """A task whose architectures were trained before; a table has the results.

    A member defines :meth:`_read`.
    """

    metric: ClassVar[Metric] = VALIDATION_ACCURACY
    recipes: ClassVar[Mapping[str, Recipe]] = {"table": FunctionRecipe()}
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "table"}

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
    def checksums(self) -> Mapping[str, str]:
        """The SHA-256 of the table's file, if it has one."""
        path = self.table.path
        return {} if path is None else {path.name: sha256(path.read_bytes()).hexdigest()}

    def make_function(self) -> Lookup:
        """Return the table as a function."""
        return lookup(self._read())

    @property
    def space(self) -> Mapping[str, Any]:
        """The search space of the table."""
        return self.table.header.space
