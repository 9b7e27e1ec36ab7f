"""A table as a function: many sequences are looked up at once."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

import numpy as np

from nas_env.errors import InvalidValue
from nas_env.table.format import Split, Table
from nas_env.table.function import Figures, Function
from search_spaces import InvalidArchitecture

MOST_FOLDED = 2**17  # sequences whose canonical form's row is kept


class Lookup(Function):
    """The answers of a table.

    A sequence that is not listed has the answer of its canonical form. Columns have one entry more
    than the table has rows: that of sequences without an answer, whose row is -1.
    """

    reason: ClassVar[str] = "its training failed"

    def __init__(self, table: Table):
        self._table = table
        self.name, self.space = table.header.name, table.space
        self.metric, self.maximise = f"validation_{table.header.metric}", table.header.maximise
        self.listed = len(table.tokens)
        self._folded: dict[tuple[int, ...], int] = {}
        self._kept: dict[tuple[int, int | None], dict[str, np.ndarray]] = {}

    @property
    def table(self) -> Table:
        """The table."""
        return self._table

    def measure(self, tokens: np.ndarray, fidelity: int = 0, seed: int | None = None) -> Figures:
        """Return the figures of many sequences."""
        rows = self.networks(tokens)
        known = None if rows.min() >= 0 else rows >= 0
        columns = self._columns(fidelity, seed)
        return Figures({name: column[rows] for name, column in columns.items()}, known)

    def positions(self, tokens: np.ndarray) -> np.ndarray:
        """Return the places of sequences in the table, -1 for those that are not listed."""
        if tokens.shape[1] != self.table.tokens.shape[1]:  # of another depth
            return np.full(len(tokens), -1)
        return self.table.positions(tokens)

    def optimum(self, split: Split, fidelity: int = 0, seed: int | None = None) -> float | None:
        """Return the best of all rows, NaN aside; of the test split the best mean."""
        if not self.table.has(split, fidelity):
            return None
        if split == "test":
            return self.table.optimum("test", fidelity)
        metric = self._columns(fidelity, seed)[self.metric]
        return float(np.nanmax(metric) if self.maximise else np.nanmin(metric))

    def test(self, tokens: np.ndarray) -> np.ndarray | None:
        """Return the test metric after the longest training, averaged over the seeds."""
        return self.table.mean("test", self.networks(tokens)) if self.table.has("test") else None

    def examples(self) -> np.ndarray:
        """Return all sequences of the table."""
        return self.table.tokens

    def networks(self, tokens: np.ndarray) -> np.ndarray:
        """Return the row of each sequence, -1 without an answer: int64 (m,)."""
        positions = self.positions(tokens)
        rows = np.where(positions >= 0, self.table.row_of[positions], -1)
        for unlisted in np.flatnonzero(rows < 0):
            rows[unlisted] = self._row_of_canonical(tokens[unlisted].tolist())
        return rows

    def _row_of_canonical(self, tokens: list[int]) -> int:
        """Return the row of a sequence's canonical form, -1 if that is not listed either."""
        key = tuple(tokens)
        if (known := self._folded.get(key)) is not None:
            return known
        try:
            canonical = self.space.encode(self.space.decode(tokens).canonical())
        except InvalidArchitecture:
            canonical = ()
        found = len(canonical) == self.table.tokens.shape[1]
        row = int(self.table.rows(np.array([canonical]))[0]) if found else -1
        if len(self._folded) < MOST_FOLDED:
            self._folded[key] = row
        return row

    def _columns(self, fidelity: int, seed: int | None) -> dict[str, np.ndarray]:
        if (fidelity, seed) not in self._kept:
            self._kept[fidelity, seed] = self._made(fidelity, seed)
        return self._kept[fidelity, seed]

    def _made(self, fidelity: int, seed: int | None) -> dict[str, np.ndarray]:
        """Return the metric and the costs of all rows, and of -1: (rows + 1,) each."""
        table, values = self.table, self.table.column("validation", fidelity)
        rows = np.arange(len(values))
        if seed is None:
            metric = table.mean("validation", fidelity=fidelity)
        elif values.shape[1] < 2:
            raise InvalidValue(f"noise is 'sample', but {self.name} has one number an architecture")
        else:
            metric = values[rows, drawn(rows, seed, values.shape[1])]
        columns = {self.metric: np.append(metric, np.nan)}
        for name, sizes in (("parameters", table.parameters), ("flops", table.flops)):
            if sizes is not None:
                columns[name] = np.append(sizes, 0)
        if table.has("seconds", fidelity):
            columns["seconds"] = np.append(table.seconds(rows, fidelity), np.nan)
        return columns

    def __reduce__(self) -> Any:
        return lookup, (self.table,)


@functools.lru_cache(maxsize=32)
def lookup(table: Table) -> Lookup:
    """Return a table as a function; always the same one of the same table."""
    return Lookup(table)


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
