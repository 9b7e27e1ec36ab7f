"""Random search: the control (Zoph & Le 2017, section 4.3; Li & Talwalkar 2019, 1902.07638)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from agents._base import Agent, AgentConfig, Episode, State, generator_state


@dataclass(frozen=True)
class RandomSearchConfig(AgentConfig):
    """Settings of random search.

    Attributes:
        batch_size: Episodes played at once; it changes nothing in what is played.
    """

    batch_size: int = 1


class RandomSearch(Agent[RandomSearchConfig]):
    """Each decision uniform over its open options, by ``space.sample``; it learns nothing."""

    config_class = RandomSearchConfig
    presets: ClassVar = {"default": RandomSearchConfig()}

    def __init__(self, environment: Any, config: RandomSearchConfig, seed: int):
        super().__init__(environment, config, seed)
        self.rng = np.random.default_rng(seed)

    def propose(self, count: int) -> np.ndarray:
        """Independent samples."""
        layers = self.options.get("layers")
        return np.array([self.search_space.sample(self.rng, layers) for _ in range(count)])

    def learn(self, finished: Sequence[Episode]) -> dict[str, float]:
        """Nothing."""
        return {}

    def state(self) -> State:
        """The random state."""
        return State(values={"rng": generator_state(self.rng)})

    def load_state(self, state: State) -> None:
        """Go on with the random state."""
        self.rng.bit_generator.state = state.values["rng"]
