"""A search space under test, with samples of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nas_env.testing._broken import Case
from search_spaces import SearchSpace


@dataclass(frozen=True)
class Sampled(Case):
    """A space, what its children are built for, and twenty samples.

    Attributes:
        space: The space.
        input_shape: Shape of one example, without the batch.
        outputs: Number of classes or symbols.
    """

    space: SearchSpace
    input_shape: tuple[int, ...] = (3, 8, 8)
    outputs: int = 10

    def rng(self) -> np.random.Generator:
        """Return a generator that is always in the same state."""
        return np.random.default_rng(7)

    @cached_property
    def sequences(self) -> list[tuple[int, ...]]:
        """Sampled sequences of tokens."""
        return [tuple(row) for row in self.space.sample_batch(self.rng(), 20).tolist()]

    @property
    def title(self) -> str:
        """The name of its class."""
        return type(self.space).__name__
