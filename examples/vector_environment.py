"""Design several networks in step with each other; their children are trained as one batch.

python -m examples.vector_environment
"""

from __future__ import annotations

import argparse

import gymnasium
import numpy as np


def main() -> None:
    """Play one batch of random episodes in a vector environment."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="nas_env:NAS-Digits-v0", help="the environment's id")
    parser.add_argument("--episodes", type=int, default=4, help="episodes played at once")
    options = parser.parse_args()

    envs = gymnasium.make_vec(
        options.env, num_envs=options.episodes, vectorization_mode="vector_entry_point"
    )
    rng, rewards = np.random.default_rng(0), np.zeros(options.episodes)
    _, info = envs.reset()
    while "final_info" not in info:
        # Random numbers where an option is open, -1 where it is not: the largest is taken.
        scores = np.where(info["action_mask"], rng.random(info["action_mask"].shape), -1)
        _, rewards, _, _, info = envs.step(scores.argmax(axis=1))
    evaluation = info["final_info"]["evaluation"]
    for reward, parameters in zip(rewards, evaluation["parameters"], strict=True):
        print(f"reward {reward:.4f}, {parameters:,} parameters")
    envs.close()


if __name__ == "__main__":
    main()
