"""An NK landscape as a task: a rugged function whose optimum is known, and nothing to train."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nas_env.metrics import Metric
from nas_env.table.called import Called
from nas_env.table.nk_landscape import NKLandscape
from nas_env.tasks._functions import FunctionTask
from search_spaces import make_space

FITNESS = Metric("validation_fitness")


@dataclass(frozen=True)
class NKTask(FunctionTask):
    """The fitness of an NK landscape (Kauffman & Weinberger 1989), from 0 to 1.

    Attributes:
        n: Number of binary decisions.
        k: Number of neighbours that each contribution depends on, beside its own decision: the
            next ones in the circle.
        seed: Seed of the landscape.
    """

    n: int = 24
    k: int = 4
    seed: int = 0

    metric: ClassVar[Metric] = FITNESS
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {"NK-24-4-v0": {}}

    def __post_init__(self) -> None:
        NKLandscape(self.n, self.k, self.seed)  # it checks the sizes

    @property
    def space(self) -> Mapping[str, Any]:
        """The search space: binary choices."""
        return _binary(self.n)

    def make_function(self) -> Called:
        """Return the landscape."""
        return _landscape(self.n, self.k, self.seed)


def _binary(n: int) -> dict[str, Any]:
    return {"name": "choices", "options": [2] * n}


@functools.lru_cache(maxsize=8)
def _landscape(n: int, k: int, seed: int) -> Called:
    landscape = NKLandscape(n, k, seed)
    return Called(
        name=f"NK-{n}-{k}",
        space=make_space(_binary(n)),
        call=landscape,
        metric=FITNESS.name,
        optima={"validation": landscape.optimum},
    )
