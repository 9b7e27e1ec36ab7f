"""PPO of Stable-Baselines3 (Schulman et al. 2017, 1707.06347)."""

from __future__ import annotations

from typing import ClassVar

import stable_baselines3

from agents._sb3.on_policy import PPOConfig, Proximal


class PPO(Proximal[PPOConfig]):
    """Ignores the mask: an action that is not open stands for the next open one."""

    algorithm = stable_baselines3.PPO
    config_class = PPOConfig
    presets: ClassVar = {
        # Tuned on NAS-Bench-Digits (nas-benchmark tune), rounded.
        "default": PPOConfig(
            learning_rate=4.8e-4,
            minibatch_size=30,
            n_epochs=12,
            clip_range=0.37,
            gae_lambda=1.0,
            ent_coef=6e-4,
        ),
        "authors": PPOConfig(
            batch_size=1, learning_rate=3e-4, n_steps=2048, minibatch_size=64, gamma=0.99
        ),
    }
