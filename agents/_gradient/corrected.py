"""The policy gradient of episodes that an earlier policy proposed, weighed so that it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from agents._gradient.policy_gradient import PolicyGradient, PolicyGradientConfig
from agents._proposals import Episode, tokens_of
from search_spaces._settings import at_least


@dataclass(frozen=True)
class CorrectedConfig(PolicyGradientConfig):
    """Settings of a policy gradient that can be corrected for its delay.

    Attributes:
        max_ratio: Weigh the advantage of an episode by how much likelier the present policy makes
            it than the policy that proposed it, but at most by this (truncated importance
            sampling). It has no effect on episodes of the present policy. None for no weights.
    """

    max_ratio: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, max_ratio=1)


Config = TypeVar("Config", bound=CorrectedConfig)


class CorrectedGradient(PolicyGradient[Config]):
    """Takes one step a batch up REINFORCE's gradient, corrected for its delay if asked to.

    An episode that was proposed by pi_then has the weight min(pi_now / pi_then, max_ratio) of its
    whole sequence, by which the expected gradient is that of pi_now, but for what is cut off
    (Ionides 2008). The entropy bonus has no weights.
    """

    def log_probabilities(self, tokens: np.ndarray) -> np.ndarray | None:
        """Return those of the policy if a ratio will be taken."""
        return None if self.config.max_ratio is None else self.policy.log_probabilities(tokens)

    def step(self, finished: Sequence[Episode], advantages: np.ndarray) -> dict[str, float]:
        """Take the step, and return figures for the log."""
        tokens, log = tokens_of(finished), {}
        late = self.proposals.late(finished)
        if self.config.max_ratio is not None and late.any():
            now = self.policy.log_probabilities(tokens)
            ratios = truncated(now, self.before(finished), self.config.max_ratio)
            weights = np.where(late, ratios, 1.0)
            advantages, log = advantages * weights, {"ratio": float(weights.mean())}
        return log | self.policy.ascend(tokens, advantages, self.config.entropy)


def truncated(now: np.ndarray, then: np.ndarray, limit: float) -> np.ndarray:
    """Return the ratio of each sequence's probabilities, but at most the limit: (m,).

    Args:
        now: Log-probabilities of its tokens by the present policy, (m, decisions).
        then: Log-probabilities by the policy that proposed it, (m, decisions).
        limit: The largest ratio.
    """
    return np.exp(np.minimum((now - then).sum(axis=1), np.log(limit)))
