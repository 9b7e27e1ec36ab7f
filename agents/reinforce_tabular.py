"""REINFORCE on independent logits: the simple baseline of the tabular benchmarks.

Ying et al. 2019 (NAS-Bench-101, 1902.09635) and Dong & Yang 2020 (NAS-Bench-201, 2001.00326) use a
categorical distribution for each decision instead of a recurrent controller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from agents._gradient.corrected import CorrectedConfig, CorrectedGradient
from agents._gradient.logits import Logits
from search_spaces._settings import above


@dataclass(frozen=True)
class ReinforceTabularConfig(CorrectedConfig):
    """Settings of REINFORCE on a table of logits.

    Attributes:
        batch_size: Number of episodes in an update, m.
        learning_rate: Learning rate of the logits; plain gradient ascent.
    """

    batch_size: int = 1
    learning_rate: float = 0.25
    entropy: float = 0.03

    def __post_init__(self) -> None:
        super().__post_init__()
        above(self, learning_rate=0)


class ReinforceTabular(CorrectedGradient[ReinforceTabularConfig]):
    """Takes each decision by its own logits, and follows the policy gradient."""

    config_class = ReinforceTabularConfig
    presets: ClassVar = {"default": ReinforceTabularConfig()}
    policy: Logits

    def make_policy(self) -> Logits:
        """Make a table whose logits are all zero."""
        return Logits(self.search_space, self.rng, self.config.learning_rate)
