"""PPO of Stable-Baselines3 on one environment, with a test of the policy's best choices.

python -m examples.stable_baselines
"""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium
import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.monitor import Monitor


def main() -> None:
    """Learn for some rollouts; print the mean reward, and that of the policy's best choices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="nas_env:NAS-Bench-Digits-v0", help="the environment's id")
    parser.add_argument("--rollouts", type=int, default=30, help="updates of the policy")
    parser.add_argument("--episodes", type=int, default=16, help="episodes of each rollout")
    options = parser.parse_args()

    env: Any = gymnasium.make(options.env)
    test = Monitor(gymnasium.make(options.env))
    steps = options.episodes * env.unwrapped.search_space.length()  # whole episodes
    # The policy's best choices are a single architecture, so one episode tests them all.
    callback = EvalCallback(test, n_eval_episodes=1, eval_freq=steps, verbose=0)
    shape: dict[str, Any] = {"n_steps": steps, "batch_size": steps, "gamma": 1.0}
    model = PPO("MultiInputPolicy", env, learning_rate=5e-3, seed=0, device="cpu", **shape)
    model.learn(options.rollouts * steps, callback)
    rewards = [episode["r"] for episode in model.ep_info_buffer or ()]
    print(f"mean reward of the last {len(rewards)} episodes {np.mean(rewards):.3f}")
    print(f"reward of the best choices {callback.last_mean_reward:.3f}")
    env.close()
    test.close()


if __name__ == "__main__":
    main()
