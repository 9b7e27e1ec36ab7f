"""A2C of Stable-Baselines3 (the synchronous form of Mnih et al. 2016, 1602.01783)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import stable_baselines3

from agents._sb3.on_policy import OnPolicy, OnPolicyConfig


@dataclass(frozen=True)
class A2CConfig(OnPolicyConfig):
    """Settings of A2C.

    Attributes:
        use_rms_prop: Use RMSProp as the optimiser instead of Adam.
        normalize_advantage: Normalise advantages by mean and deviation of the rollout.
    """

    learning_rate: float = 7e-3
    episodes_per_rollout: int = 8
    gae_lambda: float = 1.0
    use_rms_prop: bool = True
    normalize_advantage: bool = True


class A2C(OnPolicy[A2CConfig]):
    """Takes one step of the optimiser for each rollout; ignores the mask."""

    algorithm = stable_baselines3.A2C
    config_class = A2CConfig
    presets: ClassVar = {
        # Tuned on NAS-Bench-Digits (nas-benchmark tune), rounded.
        "default": A2CConfig(
            learning_rate=0.029,
            episodes_per_rollout=8,
            gae_lambda=1.0,
            ent_coef=0.061,
            units=32,
            use_rms_prop=False,
        ),
        "authors": A2CConfig(
            batch_size=1, learning_rate=7e-4, n_steps=5, gamma=0.99, normalize_advantage=False
        ),
    }

    def settings(self) -> dict[str, Any]:
        """Add the settings of A2C."""
        return {
            **super().settings(),
            "use_rms_prop": self.config.use_rms_prop,
            "normalize_advantage": self.config.normalize_advantage,
        }
