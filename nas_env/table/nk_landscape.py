"""NK landscapes (Kauffman & Weinberger 1989): random functions whose ruggedness is a setting."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from search_spaces import InvalidValue, at_least, at_most


@dataclass(frozen=True)
class NKLandscape:
    """The mean of n random contributions, one a decision, each of k + 1 neighbouring decisions.

    The decisions are binary and lie in a circle: contribution i depends on the decisions i, i + 1,
    …, i + k. It is read from a table of its own with 2^(k + 1) numbers, uniform in [0, 1). With
    k = 0 each decision counts on its own; the larger k is, the more local optima there are.

    Attributes:
        n: Number of decisions.
        k: Number of neighbours that a contribution depends on, beside its own decision.
        seed: Seed of the tables.

    Example:
        >>> landscape = NKLandscape(n=6, k=1)
        >>> landscape.fitness(np.array([[0, 1, 0, 1, 0, 1], [1, 1, 1, 1, 1, 1]])).shape
        (2,)
    """

    n: int = 24
    k: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        at_least(self, n=1, k=0, seed=0)
        at_most(self, n=1_000, k=10)
        if self.k >= self.n:
            raise InvalidValue(f"k is {self.k}, expected less than n, {self.n}")

    @cached_property
    def tables(self) -> np.ndarray:
        """The contributions: float64 (n, 2^(k + 1)); the first decision is the highest bit."""
        return np.random.default_rng(self.seed).random((self.n, 2 ** (self.k + 1)))

    def fitness(self, tokens: np.ndarray) -> np.ndarray:
        """Return the mean contribution of many sequences: int (m, n) -> float64 (m,)."""
        circle = np.concatenate([tokens, tokens[:, : self.k]], axis=1)
        codes = circle[:, : self.n]
        for neighbour in range(1, self.k + 1):
            codes = 2 * codes + circle[:, neighbour : neighbour + self.n]
        return np.take(self.tables, codes + self._starts).mean(axis=1)

    def __call__(self, tokens: np.ndarray) -> dict[str, np.ndarray]:
        """Return the fitness by its name, as a benchmark that is a function does."""
        return {"validation_fitness": self.fitness(tokens)}

    @cached_property
    def _starts(self) -> np.ndarray:
        """The index of each table's first number among the numbers of all tables: (n,)."""
        return np.arange(self.n) * self.tables.shape[1]

    @cached_property
    def optimum(self) -> float:
        """The best fitness of any sequence, exactly: dynamic programming along the circle.

        For each start, which are the first k decisions, ``best`` holds the largest sum of the
        contributions so far, by the last k decisions.
        """
        states = 2**self.k
        best = np.full((states, states), -np.inf)  # (starts, last k decisions)
        np.fill_diagonal(best, 0.0)
        starts = np.arange(states)
        for table, place in zip(self.tables, range(self.k, self.n + self.k), strict=True):
            sums = best[:, :, None] + table.reshape(states, 2)  # (starts, last k, decision)
            if place >= self.n:  # the circle closes: this decision is one of the start
                bit = starts >> (self.k - 1 - (place - self.n)) & 1
                sums[starts, :, 1 - bit] = -np.inf
            # The oldest of the last k decisions is forgotten: the better of its two values stays.
            best = sums.reshape(states, 2, -1).max(axis=1) if self.k else sums.max(axis=2)
        return float(best[starts, starts].max() / self.n)
