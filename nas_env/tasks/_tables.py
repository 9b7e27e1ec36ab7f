"""What the tasks have in common that answer from a table instead of training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from nas_env.table import Table
from nas_env.tasks._base import Task
from nas_env.training.recipe import Recipe
from search_spaces._settings import at_least


@dataclass(frozen=True)
class TableRecipe(Recipe):
    """How a table is asked.

    Attributes:
        fidelity: Epochs after which the validation metric is taken; 0 for the most there are.
        noise: ``"mean"`` over the table's seeds; ``"sample"``: one of them, which the evaluation
            seed and the architecture decide.
    """

    fidelity: int = 0
    noise: Literal["mean", "sample"] = "mean"

    def __post_init__(self) -> None:
        at_least(self, fidelity=0)


@dataclass(frozen=True)
class TableTask(Task):
    """Architectures whose training is over: a table has what came of it.

    The reward is the table's validation metric itself, or minus it where less is better. A member
    fills in :meth:`_read`.
    """

    version: ClassVar[int] = 0
    metric: ClassVar[str] = "validation_accuracy"
    recipes: ClassVar[Mapping[str, Recipe]] = {"table": TableRecipe()}
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "table"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    default_evaluator: ClassVar[str] = "table"

    @abstractmethod
    def _read(self) -> Table:
        """The table; reading it twice costs nothing.

        Raises:
            DataNotFound: Saying where it was looked for, and how to get it.
        """

    @property
    def table(self) -> Table:
        """The table."""
        return self._read()

    @property
    def space(self) -> Mapping[str, Any]:
        """The table's own."""
        return self.table.header.space

    def verify(self) -> None:
        """Check that the table is there and whole."""
        self._read()

    def reward(self, score: Any) -> Any:
        """The metric, or minus it where less is better; of one or of an array of them."""
        return score if self.table.header.maximise else -score
