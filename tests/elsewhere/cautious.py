"""An agent: half of its samples are the best so far, with one decision drawn anew."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from agents import Agent, AgentConfig


@dataclass(frozen=True)
class CautiousConfig(AgentConfig):
    """Settings of the agent.

    Attributes:
        batch_size: Number of episodes played at once.
        daring: Share of samples that are new altogether.
    """

    batch_size: int = 2
    daring: float = 0.5


class Cautious(Agent[CautiousConfig]):
    """Stays near the best so far."""

    config_class = CautiousConfig
    presets: ClassVar = {"default": CautiousConfig()}

    def __init__(self, environment, config, seed):
        super().__init__(environment, config, seed)
        self.rng = np.random.default_rng(seed)
        self.best, self.reward = [], 0.0

    def draw(self, count):
        space, layers = self.search_space, self.options.get("layers")
        rows = space.sample_batch(self.rng, count, layers)
        if len(self.best) == rows.shape[1] and space.masks_are_static:
            near = self.rng.random(count) >= self.config.daring
            place = self.rng.integers(len(self.best), size=count)
            changed = np.arange(len(self.best)) == place[:, None]
            rows = np.where(near[:, None] & ~changed, self.best, rows)
        return rows

    def update(self, finished):
        for episode in finished:
            if not self.best or episode.reward > self.reward:
                self.best, self.reward = list(episode.tokens), episode.reward
        return {"best": self.reward}

    def state(self):
        state = super().state()
        state.values |= {"best": list(self.best), "reward": self.reward}
        state.values["rng"] = dict(self.rng.bit_generator.state)
        return state

    def load_state(self, state):
        super().load_state(state)
        self.best, self.reward = list(state.values["best"]), state.values["reward"]
        self.rng.bit_generator.state = state.values["rng"]
