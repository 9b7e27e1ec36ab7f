"""PPO of sb3-contrib that takes only open options (Huang & Ontañón 2020, 2006.14171)."""

from __future__ import annotations

from typing import ClassVar

import sb3_contrib

from agents._sb3.on_policy import PPOConfig, Proximal


class MaskablePPO(Proximal[PPOConfig]):
    """Gives closed options probability zero."""

    algorithm = sb3_contrib.MaskablePPO
    config_class = PPOConfig
    presets: ClassVar = {
        # Tuned on NAS-Bench-Digits (nas-benchmark tune), rounded.
        "default": PPOConfig(
            learning_rate=1.3e-3,
            minibatch_size=120,
            n_epochs=17,
            clip_range=0.13,
            gae_lambda=0.9,
            ent_coef=1.5e-4,
        ),
        "authors": PPOConfig(
            batch_size=1, learning_rate=3e-4, n_steps=2048, minibatch_size=64, gamma=0.99
        ),
    }
