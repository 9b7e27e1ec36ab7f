"""A table as one problem sees it: a fidelity, and the mean or one of the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nas_env.errors import InvalidArchitecture, InvalidValue
from nas_env.records import Evaluation
from nas_env.table.format import Table
from nas_env.tasks._tables import TableRecipe, TableTask


class Answers:
    """The evaluations that a table gives.

    Args:
        task: Task that the table belongs to.
        recipe: Fidelity, and whether one of the seeds is drawn.
        seed: Evaluation seed; with the architecture it determines which seed is drawn.

    Attributes:
        metric: Main metric of each row: float64 (rows,), NaN where the training failed.
        failed: Whether its training failed: bool (rows,).

    Raises:
        DataNotFound: If the table is not there.
        InvalidValue: If it has no such fidelity, or only one seed to draw from.
    """

    def __init__(self, task: TableTask, recipe: TableRecipe, seed: int):
        self.task, self.recipe, self.seed = task, recipe, seed
        self.table: Table = task.table
        values = self.table.column("validation", recipe.fidelity)
        self.metric = self.table.mean("validation", fidelity=recipe.fidelity)
        if recipe.noise == "sample":
            if values.shape[1] < 2:
                raise InvalidValue(
                    f"noise is 'sample', but table {self.table.header.name} has one number an "
                    "architecture"
                )
            rows = np.arange(len(values))
            self.metric = values[rows, drawn(rows, seed, values.shape[1])]
        self.failed = np.isnan(self.metric)

    @property
    def measured(self) -> dict[str, np.ndarray]:
        """The figures of each row that an objective may use, as far as they are known: (rows,)."""
        rows, fidelity = np.arange(len(self.metric)), self.recipe.fidelity
        figures: dict[str, np.ndarray | None] = {
            self.task.metric.name: self.metric,
            "parameters": self.table.parameters,
            "flops": self.table.flops,
            "seconds": self.table.seconds(rows, fidelity)
            if self.table.has("seconds", fidelity)
            else None,
        }
        return {name: values for name, values in figures.items() if values is not None}

    def row(self, tokens: Sequence[int]) -> int:
        """Return the row of a sequence, -1 if neither it nor its canonical form is listed."""
        listed = np.asarray(tokens, dtype=np.int64)[None]
        row = int(self.table.rows(listed)[0]) if listed.shape[1] == self.decisions else -1
        if row >= 0:
            return row
        space = self.table.space
        try:
            canonical = space.encode(space.decode(tokens).canonical())
        except InvalidArchitecture:
            return -1
        if len(canonical) != self.decisions:
            return -1
        return int(self.table.rows(np.array([canonical]))[0])

    @property
    def decisions(self) -> int:
        """The number of decisions of the sequences in the table."""
        return self.table.tokens.shape[1]

    def evaluation(self, row: int) -> Evaluation:
        """Return the evaluation that a row stands for."""
        if row < 0:
            return Evaluation("failed", error=f"not in {self.table.header.name}")
        parameters, flops = (
            None if values is None else int(values[row])
            for values in (self.table.parameters, self.table.flops)
        )
        cost: Any = {"parameters": parameters, "flops": flops}
        if self.failed[row]:
            return Evaluation("failed", error="its training failed", **cost)
        seconds = self.seconds(row)
        taken = {} if seconds is None else {"train": seconds}
        metrics = {self.task.metric.name: float(self.metric[row])}
        return Evaluation("ok", metrics, **cost, seconds=taken)

    def seconds(self, row: int) -> float | None:
        """Return the seconds of the training, by the table; None if it does not know them."""
        seconds = float(self.table.seconds(np.array([row]), self.recipe.fidelity)[0])
        return None if np.isnan(seconds) else seconds

    def figures(self, tokens: Sequence[int]) -> dict[str, float]:
        """Return test metric and regret of an architecture, for a report.

        The test metric is that of the longest training, whatever the search was rewarded with.
        """
        if (row := self.row(tokens)) < 0 or not self.table.has("test"):
            return {}
        test = float(self.table.mean("test")[row])
        name = f"test_{self.table.header.metric}"
        return {name: test, "regret": abs(self.table.optimum("test") - test)}

    def __reduce__(self) -> Any:
        return Answers, (self.task, self.recipe, self.seed)


def drawn(rows: np.ndarray, seed: int, seeds: int) -> np.ndarray:
    """Return which of a table's seeds answers for each row: int64 (n,), always the same.

    The result is splitmix64 (Steele et al. 2014) of row and evaluation seed, which is as good as
    independent draws.
    """
    with np.errstate(over="ignore"):
        mixed = rows.astype(np.uint64) + np.uint64(seed % 2**64) * np.uint64(0x9E3779B97F4A7C15)
        mixed = mixed + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return (mixed % np.uint64(seeds)).astype(np.int64)
