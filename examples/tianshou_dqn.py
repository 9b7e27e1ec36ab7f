"""DQN of Tianshou, which takes the mask from the observation.

python -m examples.tianshou_dqn
"""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.spaces import Dict, MultiBinary
from tianshou.algorithm import DQN
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OffPolicyTrainerParams
from tianshou.utils.net.common import Net


class MaskInObservation(gymnasium.Wrapper):
    """Gives ``{"obs": …, "mask": …}``, where Tianshou looks for the mask, and an empty ``info``.

    Tianshou keeps each ``info`` in its buffer, and refuses one that has further keys at the end.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]):
        super().__init__(env)
        mask = MultiBinary(int(env.action_space.n))  # type: ignore[attr-defined]
        self.observation_space = Dict(obs=env.observation_space, mask=mask)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        obs, info = self.env.reset(seed=seed, options=options)
        return {"obs": obs, "mask": info["action_mask"].astype(bool)}, {}

    def step(self, action: Any) -> Any:
        """Take a decision."""
        obs, *rest, info = self.env.step(action)
        return {"obs": obs, "mask": info["action_mask"].astype(bool)}, *rest, {}


def main() -> None:
    """Learn for some epochs; each ends with a test, one episode of the best choices so far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="nas_env:NAS-Bench-Digits-v0", help="the environment's id")
    parser.add_argument("--epochs", type=int, default=10, help="epochs of 40 episodes each")
    options = parser.parse_args()

    torch.manual_seed(0)
    np.random.seed(0)

    def make_env() -> Any:
        return MaskInObservation(gymnasium.make(options.env, observation="flat"))

    train, test = DummyVectorEnv([make_env] * 4), DummyVectorEnv([make_env])
    env = make_env()
    length = env.unwrapped.search_space.length()
    inputs = env.observation_space["obs"].shape
    policy = DiscreteQLearningPolicy(
        model=Net(state_shape=inputs, action_shape=int(env.action_space.n), hidden_sizes=[64]),
        action_space=env.action_space,
        observation_space=env.observation_space,
        eps_training=0.2,
    )
    learning = AdamOptimizerFactory(lr=2e-3)
    algorithm = DQN(policy=policy, optim=learning, gamma=1.0, target_update_freq=100)
    result = algorithm.run_training(
        OffPolicyTrainerParams(
            training_collector=Collector(algorithm, train, VectorReplayBuffer(10_000, 4)),
            test_collector=Collector(algorithm, test),
            max_epochs=options.epochs,
            epoch_num_steps=40 * length,
            collection_step_num_env_steps=4 * length,
            update_step_num_gradient_steps_per_sample=0.5,
            test_step_num_episodes=1,
            verbose=False,
            show_progress=False,
        )
    )
    print(f"best reward of the greedy choices {result.best_reward:.3f}")


if __name__ == "__main__":
    main()
