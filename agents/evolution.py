"""Regularised evolution (Real et al. 2019, 1802.01548, algorithm 1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from agents._base import State
from agents._proposals import Episode
from agents._repeats import Proposer, ProposerConfig
from agents._sequences import fitted, mutated
from search_spaces._settings import at_least, at_most


@dataclass(frozen=True)
class EvolutionConfig(ProposerConfig):
    """Settings of regularised evolution.

    Attributes:
        batch_size: Number of children proposed at once, all from the same population.
        population_size: Number of youngest architectures, P; as many are random at first.
        sample_size: Number of members drawn with replacement, S; the best of them is the parent.
    """

    population_size: int = 75
    sample_size: int = 25

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, population_size=2, sample_size=2)  # with 1 nothing is selected
        at_most(self, population_size=1_000_000, sample_size=1_000_000)


class Evolution(Proposer[EvolutionConfig]):
    """Changes one decision of the best of a sample; the oldest member leaves, not the worst.

    In an episode of another depth the parent is cut off, or continued at random.
    """

    config_class = EvolutionConfig
    presets: ClassVar = {
        "default": EvolutionConfig(),
        # Tuned on NAS-Bench-Digits (nas-benchmark tune), rounded.
        "tuned": EvolutionConfig(population_size=17, sample_size=19),
        "authors": EvolutionConfig(population_size=100, sample_size=25),
        # The scripts of NAS-Bench-201 (Dong & Yang 2020).
        "nas_bench_201": EvolutionConfig(population_size=10, sample_size=3),
    }

    def __init__(self, environment: Any, config: EvolutionConfig, seed: int):
        super().__init__(environment, config, seed)
        #: Tokens and reward of each member, the oldest first.
        self.population: deque[tuple[tuple[int, ...], float]] = deque(maxlen=config.population_size)

    def sample(self, count: int) -> np.ndarray:
        """Draw random architectures until the population is full, then children."""
        fresh = self.uniform(count)
        if len(self.population) < self.config.population_size:
            return fresh
        return np.array([self.child(row) for row in fresh])

    def child(self, fresh: np.ndarray) -> np.ndarray:
        """Return a mutant of the best of a sample; ``fresh`` continues it if it is too short."""
        drawn = self.rng.integers(len(self.population), size=self.config.sample_size)
        parent, _ = max((self.population[i] for i in drawn), key=lambda member: member[1])
        whole = fitted(self.search_space, np.array(parent), fresh, self.rng)
        return mutated(self.search_space, whole, self.rng)

    def update(self, finished: Sequence[Episode]) -> dict[str, float]:
        """Add the finished episodes to the population; as many of the oldest leave."""
        self.population.extend((episode.tokens, episode.reward) for episode in finished)
        rewards = [reward for _, reward in self.population]
        return {"population_mean": float(np.mean(rewards)), "population_best": max(rewards)}

    def state(self) -> State:
        """Return the population and the random state."""
        state = super().state()
        state.values["population"] = [[list(tokens), reward] for tokens, reward in self.population]
        return state

    def load_state(self, state: State) -> None:
        """Restore what :meth:`state` returned."""
        super().load_state(state)
        self.population.clear()
        self.population.extend((tuple(t), reward) for t, reward in state.values["population"])
