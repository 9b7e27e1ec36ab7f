"""Proximal policy optimisation of the recurrent controller (Zoph et al. 2018, 1707.07012).

NASNet's search moved from REINFORCE to it. It has no value network: the advantage is the one of
REINFORCE.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from agents._controller import Controller, Policy
from agents._policy_gradient import PolicyGradient, PolicyGradientConfig
from agents._trained import ControllerConfig, TrainedController
from search_spaces._settings import at_least


@dataclass(frozen=True)
class ControllerPPOConfig(ControllerConfig, PolicyGradientConfig):
    """Settings of proximal policy optimisation.

    Attributes:
        batch_size: Episodes an update, m.
        learning_rate: Of the optimiser.
        epochs: Steps of the optimiser an update, each over the whole batch.
        clip: How far the ratio of new to old probability of a decision is followed from 1.
    """

    batch_size: int = 3
    learning_rate: float = 0.2
    epochs: int = 3
    clip: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, epochs=1, clip=0)


class ControllerPPO(PolicyGradient[ControllerPPOConfig]):
    """Follows the clipped surrogate for several steps from each batch."""

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
        """The controller with its optimiser."""
        return TrainedController(self.search_space, self.config, self.seed)

    @property
    def controller(self) -> Controller:
        """The recurrent network."""
        return self.policy.controller

    def step(self, tokens: np.ndarray, advantages: np.ndarray) -> dict[str, float]:
        """``epochs`` steps up the surrogate; the last one's log."""
        config = self.config
        amounts = torch.tensor(advantages, dtype=torch.float32)
        with torch.no_grad():
            old = self.policy.evaluate(tokens).log_probabilities

        def loss(policy: Policy) -> Tensor:
            return clipped_loss(policy.log_probabilities, old, amounts, config.clip)

        log: dict[str, float] = {}
        for _ in range(config.epochs):
            log = self.policy.step(tokens, loss, config.entropy)
        return log


def clipped_loss(new: Tensor, old: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """Minus the clipped surrogate (Schulman et al. 2017, 1707.06347, equation 7).

    Args:
        new: Log-probabilities of the tokens taken, (m, decisions).
        old: The same before the update.
        advantages: Of each sequence, (m,).
        clip: Epsilon.

    Returns:
        Summed along a sequence, the mean over them; where new and old are equal, its gradient is
        the one of REINFORCE.
    """
    ratio, gain = (new - old).exp(), advantages[:, None]
    surrogate = torch.minimum(ratio * gain, ratio.clamp(1 - clip, 1 + clip) * gain)
    return -surrogate.sum(dim=1).mean()
