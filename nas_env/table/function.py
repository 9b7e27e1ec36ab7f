"""The protocol of a benchmark without training: a function of many token sequences at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas_env.table.format import Split, Table
from search_spaces import SearchSpace

#: The figures of a child that are no metrics: its parameters, the FLOPs of one forward pass over
#: one example, the seconds of its training.
COSTS = ("parameters", "flops", "seconds")

EXAMPLES = 8  # sequences that a function is tried with, before it is played


@dataclass(frozen=True)
class Figures:
    """The figures of m sequences.

    Attributes:
        values: Figures by name, each (m,): the metrics, NaN where a child failed, and the costs as
            far as they are known.
        known: True for each sequence that has an answer: bool (m,); None if all have.
    """

    values: Mapping[str, np.ndarray]
    known: np.ndarray | None = None


class Function(ABC):
    """A benchmark that answers at once.

    Attributes:
        name: Name in messages.
        space: Search space of the sequences.
        metric: Name of the main metric, ``validation_accuracy``.
        maximise: Whether more of it is better.
        listed: Number of sequences that the function lists; 0 if it computes its answers.
        reason: Error of a child whose metric is NaN.
    """

    name: str
    space: SearchSpace
    metric: str
    maximise: bool = True
    listed: int = 0
    reason: ClassVar[str] = "the function has no value for it"

    @abstractmethod
    def measure(self, tokens: np.ndarray, fidelity: int = 0, seed: int | None = None) -> Figures:
        """Return the figures of many sequences.

        Args:
            tokens: Sequences, int64 (m, decisions).
            fidelity: Fidelity; 0 for the highest.
            seed: Seed of the noise, which with a sequence determines one sample; None for the mean.

        Raises:
            InvalidValue: If there is no such fidelity, there are no samples, or the function is
                broken; one line that names the function.
        """

    @abstractmethod
    def optimum(self, split: Split, fidelity: int = 0, seed: int | None = None) -> float | None:
        """Return the best value of the main metric in a split; None if it is unknown."""

    def test(self, tokens: np.ndarray) -> np.ndarray | None:
        """Return the test metric at the highest fidelity, float64 (m,); None if there is none."""
        return None

    def positions(self, tokens: np.ndarray) -> np.ndarray | None:
        """Return the places of sequences in the function's list, if it has one.

        Returns:
            int64 (m,) below ``listed``, -1 for sequences that are not in the list.
        """
        return None

    def examples(self) -> np.ndarray:
        """Return sequences to try the function with, int64 (n, decisions)."""
        return self.space.sample_batch(np.random.default_rng(0), EXAMPLES)

    def networks(self, tokens: np.ndarray) -> np.ndarray:
        """Return a number for each sequence, equal where two share an answer: int64 (m,)."""
        return np.arange(len(tokens))

    @property
    def table(self) -> Table | None:
        """The table behind the function, if there is one."""
        return None

    @property
    def test_metric(self) -> str:
        """The name of the main metric in the test split."""
        return f"test_{self.metric.removeprefix('validation_')}"
