"""PPO of Stable-Baselines3 (Schulman et al. 2017, 1707.06347)."""

from __future__ import annotations

from typing import ClassVar

import stable_baselines3

from agents._on_policy import PPOConfig, Proximal


class PPO(Proximal[PPOConfig]):
    """Ignores the mask: an action that is not open stands for the next open one."""

    algorithm = stable_baselines3.PPO
    config_class = PPOConfig
    presets: ClassVar = {
        "default": PPOConfig(),
        "authors": PPOConfig(
            batch_size=1, learning_rate=3e-4, n_steps=2048, minibatch_size=64, gamma=0.99
        ),
    }
