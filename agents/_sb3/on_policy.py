"""The agents by the on-policy algorithms of Stable-Baselines3: A2C, and PPO in three forms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar

from agents._sb3.base import StableBaselines, StableBaselinesConfig
from search_spaces._settings import at_least, at_most


@dataclass(frozen=True)
class OnPolicyConfig(StableBaselinesConfig):
    """Settings that the on-policy algorithms have in common.

    Attributes:
        episodes_per_rollout: Whole episodes between two updates, rounded up to a multiple of
            those played at once.
        n_steps: Steps between two updates in each environment, as in SB3; rollouts then cut
            episodes. None: ``episodes_per_rollout`` decides.
        gae_lambda: Lambda of generalised advantage estimation.
        ent_coef: Weight of the entropy bonus, averaged over the steps.
        vf_coef: Weight of the value's loss.
    """

    episodes_per_rollout: int = 16
    n_steps: int | None = None
    gae_lambda: float = 0.95
    ent_coef: float = 0.0
    vf_coef: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, episodes_per_rollout=1, n_steps=1, gae_lambda=0, ent_coef=0, vf_coef=0)
        at_most(self, episodes_per_rollout=100_000, n_steps=10**7, gae_lambda=1)


@dataclass(frozen=True)
class PPOConfig(OnPolicyConfig):
    """Settings of proximal policy optimisation.

    Attributes:
        n_epochs: Passes over a rollout.
        minibatch_size: Steps of a minibatch (SB3: ``batch_size``); it is raised if a rollout would
            leave a single step.
        clip_range: Relative change of a probability that is followed.
        normalize_advantage: Normalise advantages by mean and deviation of the minibatch.
        target_kl: Divergence from the old policy that ends an update early; None: never.
    """

    minibatch_size: int = 60
    n_epochs: int = 10
    clip_range: float = 0.2
    normalize_advantage: bool = True
    target_kl: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, minibatch_size=2, n_epochs=1, clip_range=1e-6, target_kl=1e-9)


Config = TypeVar("Config", bound=OnPolicyConfig)
AnyPPOConfig = TypeVar("AnyPPOConfig", bound=PPOConfig)


class OnPolicy(StableBaselines[Config]):
    """Learns from each rollout once, and forgets it."""

    def settings(self) -> dict[str, Any]:
        """Return the settings that the algorithms have in common."""
        config = self.config
        return {
            "learning_rate": config.learning_rate,
            "n_steps": max(2, self.rollout_steps()),
            "gamma": config.gamma,
            "gae_lambda": config.gae_lambda,
            "ent_coef": config.ent_coef,
            "vf_coef": config.vf_coef,
            "max_grad_norm": config.max_grad_norm,
            "policy_kwargs": {"net_arch": [config.units] * config.hidden_layers},
        }

    def rollout_steps(self) -> int:
        """Return the steps of a rollout: ``n_steps``, or whole episodes of the present depth."""
        if self.config.n_steps is not None:
            return self.config.n_steps
        return math.ceil(self.config.episodes_per_rollout / self.vec_env.num_envs) * self._length

    def roll_out(self, steps: int, learn: bool = True) -> None:
        """Collect a rollout and train on it; a single step has no deviation to train with."""
        self.resize(steps)
        self.model.collect_rollouts(self.vec_env, self.recorder, self.model.rollout_buffer, steps)
        if learn and steps * self.vec_env.num_envs > 1:
            self.model.train()

    def resize(self, steps: int) -> None:
        """Set the number of steps that the next rollout takes in each episode."""
        self.model.n_steps = self.model.rollout_buffer.buffer_size = steps


class Proximal(OnPolicy[AnyPPOConfig]):
    """PPO in any form (Schulman et al. 2017, 1707.06347)."""

    def settings(self) -> dict[str, Any]:
        """Add the settings of PPO; the minibatch is the whole rollout until :meth:`resize`."""
        settings = super().settings()
        return {
            **settings,
            "batch_size": settings["n_steps"] * self.vec_env.num_envs,
            "n_epochs": self.config.n_epochs,
            "clip_range": self.config.clip_range,
            "normalize_advantage": self.config.normalize_advantage,
            "target_kl": self.config.target_kl,
        }

    def resize(self, steps: int) -> None:
        """Set the size of the rollout and of its minibatches."""
        super().resize(steps)
        self.model.batch_size = minibatch(steps * self.vec_env.num_envs, self.config.minibatch_size)


def minibatch(total: int, size: int) -> int:
    """Return the smallest size from ``size`` on that leaves no minibatch of a single step.

    The deviation of a single step is not a number.

    Example:
        >>> minibatch(240, 60), minibatch(241, 60), minibatch(30, 60)
        (60, 61, 60)
    """
    while total > 1 and total % size == 1:
        size += 1
    return size
