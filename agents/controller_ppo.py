"""Proximal policy optimisation of the recurrent controller (Zoph et al. 2018, 1707.07012).

The search for NASNet used it instead of REINFORCE. There is no value network: the advantage is that
of REINFORCE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from agents._controller.controller import Controller, Policy
from agents._controller.trained import ControllerConfig, TrainedController
from agents._gradient.policy_gradient import PolicyGradient, PolicyGradientConfig
from agents._proposals import Episode, tokens_of
from search_spaces._settings import at_least


@dataclass(frozen=True)
class ControllerPPOConfig(ControllerConfig, PolicyGradientConfig):
    """Settings of proximal policy optimisation.

    Attributes:
        batch_size: Number of episodes in an update, m.
        learning_rate: Learning rate of the optimiser.
        epochs: Steps of the optimiser in an update, each over the whole batch.
        clip: Distance from 1 to which the ratio of new to old probabilities is followed.
    """

    batch_size: int = 3
    learning_rate: float = 0.2
    epochs: int = 3
    clip: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, epochs=1, clip=0)


class ControllerPPO(PolicyGradient[ControllerPPOConfig]):
    """Takes several steps up the clipped surrogate from each batch."""

    config_class = ControllerPPOConfig
    presets: ClassVar = {
        "default": ControllerPPOConfig(),
        # Appendix A.1 of Zoph et al. 2018; it does not give the clip and the epochs.
        "nasnet": ControllerPPOConfig(
            batch_size=20,
            optimiser="adam",
            learning_rate=3.5e-4,
            baseline_decay=0.95,
            standardise=False,
            entropy=1e-5,
            decision_bias=False,
            units=100,
            lstm_layers=1,
        ),
    }
    policy: TrainedController

    def make_policy(self) -> TrainedController:
        """Make the controller with its optimiser."""
        return TrainedController(self.search_space, self.config, self.seed)

    @property
    def controller(self) -> Controller:
        """The recurrent network."""
        return self.policy.controller

    def log_probabilities(self, tokens: np.ndarray) -> np.ndarray:
        """Return those of the policy, which the surrogate compares with."""
        return self.policy.log_probabilities(tokens)

    def step(self, finished: Sequence[Episode], advantages: np.ndarray) -> dict[str, float]:
        """Take ``epochs`` steps up the surrogate, and return the figures of the last.

        The ratio is to the policy that proposed each episode, however long ago.
        """
        config = self.config
        tokens = tokens_of(finished)
        amounts = torch.tensor(advantages, dtype=torch.float32)
        old = torch.tensor(self.before(finished), dtype=torch.float32)

        def loss(policy: Policy) -> Tensor:
            return clipped_loss(policy.log_probabilities, old, amounts, config.clip)

        log: dict[str, float] = {}
        for _ in range(config.epochs):
            log = self.policy.step(tokens, loss, config.entropy)
        return log


def clipped_loss(new: Tensor, old: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """Return minus the clipped surrogate (Schulman et al. 2017, 1707.06347, equation 7).

    Args:
        new: Log-probabilities of the tokens taken, (m, decisions).
        old: Log-probabilities when the tokens were proposed, (m, decisions).
        advantages: Advantage of each sequence, (m,).
        clip: Epsilon.

    Returns:
        The sum along each sequence, averaged over the sequences. If new and old are equal, the
        gradient is that of REINFORCE.
    """
    ratio, gain = (new - old).exp(), advantages[:, None]
    surrogate = torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain)
    return -surrogate.sum(dim=1).mean()
