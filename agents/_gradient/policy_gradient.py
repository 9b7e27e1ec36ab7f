"""The base of agents that follow a policy gradient: draw, weigh by the advantage, step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from torch import Tensor

from agents._base import State
from agents._gradient.advantages import AdvantageConfig, Advantages
from agents._proposals import Episode, tokens_of
from agents._repeats import Proposer
from agents._tensors import below, under
from search_spaces._settings import at_least


class TrainablePolicy(Protocol):
    """A distribution over sequences that can be moved up a gradient."""

    def sample(self, count: int, length: int) -> np.ndarray:
        """Sample complete sequences, int64 (count, length)."""
        ...

    def log_probabilities(self, tokens: np.ndarray) -> np.ndarray:
        """Return the log-probability of each token, both (m, decisions)."""
        ...

    def ascend(self, tokens: np.ndarray, weights: np.ndarray, entropy: float) -> dict[str, float]:
        """Take one step up the mean of ``weight · log π(sequence) + entropy · H``.

        Args:
            tokens: Complete sequences, int64 (m, decisions).
            weights: Weight of each sequence, (m,).
            entropy: Weight of the entropies, summed along a sequence.

        Returns:
            Figures for the log.
        """
        ...

    def state(self) -> dict[str, Tensor]:
        """Return all that the samples depend on, except randomness that belongs to the agent."""
        ...

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`state` returned."""
        ...


@dataclass(frozen=True)
class PolicyGradientConfig(AdvantageConfig):
    """Settings of a policy gradient.

    Attributes:
        entropy: Weight of the entropy bonus, summed along an episode; Zoph & Le 2017 have none.
    """

    entropy: float = 0.07

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, entropy=0)


Config = TypeVar("Config", bound=PolicyGradientConfig)


class PolicyGradient(Proposer[Config]):
    """Plays samples of its policy, and moves it towards those with an advantage.

    A member defines :meth:`make_policy` and :meth:`step`.
    """

    def __init__(self, environment: Any, config: Config, seed: int):
        super().__init__(environment, config, seed)
        self.policy = self.make_policy()
        self.advantages = Advantages(config)

    @abstractmethod
    def make_policy(self) -> TrainablePolicy:
        """Make the policy in its initial state."""

    def sample(self, count: int) -> np.ndarray:
        """Sample the policy."""
        return self.policy.sample(count, self.length)

    def update(self, finished: Sequence[Episode]) -> dict[str, float]:
        """Take a step up the policy gradient, with the baseline from before these rewards."""
        rewards = np.array([episode.reward for episode in finished])
        log = {"baseline": self.advantages.baseline.value, "reward": float(rewards.mean())}
        advantages = self.advantages.take(rewards)
        if advantages is not None:
            log |= self.step(finished, advantages)
        return {name: value for name, value in log.items() if np.isfinite(value)}

    @abstractmethod
    def step(self, finished: Sequence[Episode], advantages: np.ndarray) -> dict[str, float]:
        """Learn from episodes by their advantages, (m,); return figures for the log."""

    def before(self, finished: Sequence[Episode]) -> np.ndarray:
        """Return the log-probability of each token when it was proposed, (m, decisions).

        What is not known is that of the present policy.
        """
        proposals = [episode.proposal for episode in finished]
        known = [p.log_probabilities for p in proposals if p is not None and p.log_probabilities]
        if len(known) == len(finished):
            return np.array(known)
        return self.policy.log_probabilities(tokens_of(finished))

    def state(self) -> State:
        """Return policy, baseline, spread of the rewards and random state."""
        state = super().state()
        state.tensors |= under("policy", self.policy.state())
        state.values |= self.advantages.state()
        return state

    def load_state(self, state: State) -> None:
        """Restore what :meth:`state` returned."""
        super().load_state(state)
        self.policy.load_state(below("policy", state.tensors))
        self.advantages.load_state(state.values)
