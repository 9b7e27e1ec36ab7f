"""DQN of Stable-Baselines3 (Mnih et al. 2015, Nature 518)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import stable_baselines3
import torch
from stable_baselines3.common.buffers import DictReplayBuffer
from stable_baselines3.common.type_aliases import TrainFreq, TrainFrequencyUnit
from torch import Tensor

from agents._base import State
from agents._sb3.base import StableBaselines, StableBaselinesConfig
from agents._tensors import below, under
from search_spaces._settings import at_least, at_most, between


@dataclass(frozen=True)
class DQNConfig(StableBaselinesConfig):
    """Settings of DQN; a step is one decision in each of the episodes played at once.

    Attributes:
        batch_size: Number of episodes played at once (SB3: environments). Greedy episodes that are
            played at once are all the same, so 1 explores best.
        minibatch_size: Transitions of an update (SB3: ``batch_size``).
        buffer_size: Number of transitions that are remembered.
        learning_starts: Number of random episodes at the beginning (SB3: in transitions).
        train_freq: Steps between two updates.
        gradient_steps: Minibatches of an update.
        target_update_interval: Transitions after which the target network is updated.
        tau: Share by which the target network then moves, 1 for all the way.
        exploration_episodes: Episodes over which the share of random decisions falls (SB3:
            ``exploration_fraction`` of the total).
        exploration_initial_eps: Share of random decisions at the beginning.
        exploration_final_eps: Share of random decisions at the end.
    """

    batch_size: int = 1
    learning_rate: float = 1e-3
    max_grad_norm: float = 10.0
    minibatch_size: int = 32
    buffer_size: int = 20_000
    learning_starts: int = 20
    train_freq: int = 4
    gradient_steps: int = 1
    target_update_interval: int = 500
    tau: float = 1.0
    exploration_episodes: int = 200
    exploration_initial_eps: float = 1.0
    exploration_final_eps: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, minibatch_size=1, buffer_size=1, learning_starts=0, train_freq=1)
        at_least(self, gradient_steps=1, target_update_interval=1, exploration_episodes=1)
        at_most(self, buffer_size=10**7, minibatch_size=10**6, tau=1)
        at_most(self, exploration_initial_eps=1, exploration_final_eps=1)
        between(self, 0, 2, "tau", "exploration_initial_eps", "exploration_final_eps")


class DQN(StableBaselines[DQNConfig]):
    """Learns the value of each option; ignores the mask."""

    algorithm = stable_baselines3.DQN
    config_class = DQNConfig
    presets: ClassVar = {
        # Tuned on NAS-Bench-Digits (nas-benchmark tune), rounded.
        "default": DQNConfig(
            learning_rate=3e-3,
            target_update_interval=200,
            exploration_episodes=50,
            exploration_final_eps=0.073,
            learning_starts=10,
            train_freq=2,
            minibatch_size=128,
        ),
        # SB3's 100 steps are 6 episodes of 18 decisions; it explores for a tenth, here of 1,000.
        "authors": DQNConfig(
            learning_rate=1e-4,
            gamma=0.99,
            buffer_size=1_000_000,
            learning_starts=6,
            target_update_interval=10_000,
            exploration_episodes=100,
        ),
    }
    counters = (*StableBaselines.counters, "_n_calls", "exploration_rate")

    def __init__(self, environment: Any, config: DQNConfig, seed: int):
        super().__init__(environment, config, seed)
        self.model._total_timesteps = config.exploration_episodes * self.search_space.length()

    def settings(self) -> dict[str, Any]:
        """Return the settings of SB3's DQN, which explores for all of what it takes as total."""
        config = self.config
        same = ("learning_rate", "buffer_size", "tau", "gamma", "train_freq", "gradient_steps")
        same += ("target_update_interval", "exploration_initial_eps", "exploration_final_eps")
        return {
            **{name: getattr(config, name) for name in (*same, "max_grad_norm")},
            "batch_size": config.minibatch_size,
            "learning_starts": config.learning_starts * self.search_space.length(),
            "exploration_fraction": 1.0,
            "policy_kwargs": {"net_arch": [config.units] * config.hidden_layers},
        }

    def rollout_steps(self) -> int:
        """Return the number of steps between two updates."""
        return self.config.train_freq

    def roll_out(self, steps: int, learn: bool = True) -> None:
        """Take the steps, remember them, and learn from remembered steps."""
        model, vec_env = self.model, self.vec_env
        remembered = model.replay_buffer
        if not learn:
            spaces: Any = (vec_env.observation_space, vec_env.action_space)
            remembered = DictReplayBuffer(1, *spaces, n_envs=vec_env.num_envs)  # thrown away
        often = TrainFreq(steps, TrainFrequencyUnit.STEP)
        starts = model.learning_starts
        model.collect_rollouts(vec_env, self.recorder, often, remembered, learning_starts=starts)
        if learn and model.num_timesteps > starts:
            model.train(self.config.gradient_steps, self.config.minibatch_size)

    def state(self) -> State:
        """Add the replay buffer to the state."""
        state, buffer = super().state(), self.model.replay_buffer
        filled = buffer.buffer_size if buffer.full else buffer.pos
        tensors = {name: torch.from_numpy(a[:filled]) for name, a in _arrays(buffer).items()}
        for name in ("observations.tokens", "next.tokens"):
            tensors[name] = tensors[name].to(
                torch.uint8
            )  # zeros and ones, in a quarter of the bytes
        state.tensors.update(under("replay", tensors))
        state.values["replay"] = [buffer.pos, buffer.full]
        return state

    def load_state(self, state: State) -> None:
        """Restore what :meth:`state` returned."""
        super().load_state(state)
        buffer = self.model.replay_buffer
        buffer.pos, buffer.full = state.values["replay"]
        _fill(_arrays(buffer), below("replay", state.tensors))


def _arrays(buffer: DictReplayBuffer) -> dict[str, np.ndarray]:
    """Return the arrays of a replay buffer, each (transitions, episodes, …)."""
    names = ("actions", "rewards", "dones", "timeouts")
    return {
        **{name: getattr(buffer, name) for name in names},
        **{f"observations.{key}": array for key, array in buffer.observations.items()},
        **{f"next.{key}": array for key, array in buffer.next_observations.items()},
    }


def _fill(arrays: Mapping[str, np.ndarray], tensors: Mapping[str, Tensor]) -> None:
    for name, array in arrays.items():
        array[: len(tensors[name])] = tensors[name].numpy()
