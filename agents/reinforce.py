"""REINFORCE with a baseline on the recurrent controller (Zoph & Le 2017, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from agents._controller.controller import Controller
from agents._controller.trained import PAPER, ControllerConfig, TrainedController
from agents._gradient.corrected import CorrectedConfig, CorrectedGradient


@dataclass(frozen=True)
class ReinforceConfig(ControllerConfig, CorrectedConfig):
    """Settings of REINFORCE; the defaults learn within tens of episodes (docs/learning.md).

    Attributes:
        batch_size: Number of episodes in an update, m.
        ahead: Number of batches that are proposed before an earlier one is learned from. With 1
            the policy has not yet learned from the last batch; this keeps two cores at work.
    """

    batch_size: int = 2
    ahead: int = 1


class Reinforce(CorrectedGradient[ReinforceConfig]):
    """Samples architectures from the controller, and follows the policy gradient."""

    config_class = ReinforceConfig
    presets: ClassVar = {
        "default": ReinforceConfig(),
        # Tuned on NAS-Bench-Digits (nas-benchmark tune), rounded.
        "tuned": ReinforceConfig(
            batch_size=6,
            ahead=0,
            learning_rate=1.5,
            baseline_decay=0.82,
            max_advantage=3.0,
            entropy=0.24,
        ),
        # Section 4.1: m = 8 children a replica.
        "paper": ReinforceConfig(batch_size=8, ahead=0, **PAPER),
    }
    policy: TrainedController

    def make_policy(self) -> TrainedController:
        """Make the controller with its optimiser."""
        return TrainedController(self.search_space, self.config, self.seed)

    @property
    def controller(self) -> Controller:
        """The recurrent network."""
        return self.policy.controller
