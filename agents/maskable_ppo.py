"""PPO of sb3-contrib that takes open options alone (Huang & Ontañón 2020, 2006.14171)."""

from __future__ import annotations

from typing import ClassVar

import sb3_contrib

from agents._on_policy import PPOConfig, Proximal


class MaskablePPO(Proximal[PPOConfig]):
    """The policy's probability of an option that is closed is zero."""

    algorithm = sb3_contrib.MaskablePPO
    config_class = PPOConfig
    presets: ClassVar = {
        "default": PPOConfig(),
        "authors": PPOConfig(
            batch_size=1, learning_rate=3e-4, n_steps=2048, minibatch_size=64, gamma=0.99
        ),
    }
