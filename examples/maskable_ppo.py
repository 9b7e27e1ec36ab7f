"""MaskablePPO of sb3-contrib, several episodes at once through the vector environment.

python -m examples.maskable_ppo
"""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium
import numpy as np
from sb3_contrib import MaskablePPO

from agents import VecEnvAdapter


def main() -> None:
    """Learn for some rollouts, and print the mean reward of the last episodes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="nas_env:NAS-Bench-Digits-v0", help="the environment's id")
    parser.add_argument("--rollouts", type=int, default=30, help="updates of the policy")
    parser.add_argument("--episodes", type=int, default=16, help="episodes of a rollout, at once")
    options = parser.parse_args()

    envs: Any = gymnasium.make_vec(
        options.env, num_envs=options.episodes, vectorization_mode="vector_entry_point"
    )
    steps = envs.unwrapped.search_space.length()  # in each environment: one whole episode
    total = options.episodes * steps
    shape: dict[str, Any] = {"n_steps": steps, "batch_size": total, "gamma": 1.0}
    vec_env = VecEnvAdapter(envs)
    model = MaskablePPO("MultiInputPolicy", vec_env, learning_rate=5e-3, seed=0, **shape)
    model.learn(options.rollouts * total)
    rewards = [episode["r"] for episode in model.ep_info_buffer or ()]
    print(f"mean reward of the last {len(rewards)} episodes {np.mean(rewards):.3f}")
    envs.close()


if __name__ == "__main__":
    main()
