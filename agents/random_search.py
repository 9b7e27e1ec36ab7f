"""Random search: the control (Zoph & Le 2017, section 4.3; Li & Talwalkar 2019, 1902.07638)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from agents._proposals import Episode
from agents._repeats import Proposer, ProposerConfig


@dataclass(frozen=True)
class RandomSearchConfig(ProposerConfig):
    """Settings of random search.

    Attributes:
        batch_size: Number of episodes played at once; it does not influence what is played.
        ahead: Number of batches proposed ahead; it does not influence what is played.
    """

    batch_size: int = 1
    ahead: int = 32


class RandomSearch(Proposer[RandomSearchConfig]):
    """Samples each decision uniformly from its open options, and learns nothing."""

    config_class = RandomSearchConfig
    presets: ClassVar = {"default": RandomSearchConfig()}

    def sample(self, count: int) -> np.ndarray:
        """Draw independent samples."""
        layers = self.options.get("layers")
        return np.array([self.search_space.sample(self.rng, layers) for _ in range(count)])

    def update(self, finished: Sequence[Episode]) -> dict[str, float]:
        """Learn nothing."""
        return {}
