"""Let PPO of Stable-Baselines3 design networks; a tiny budget, to show how it is wired.

python -m examples.stable_baselines
"""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium
from stable_baselines3 import PPO


def main() -> None:
    """Learn for some episodes, and print what they were rewarded with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="nas_env:NAS-Digits-v0", help="the environment's id")
    parser.add_argument("--layers", type=int, default=2, help="of each network")
    parser.add_argument("--rollouts", type=int, default=2, help="updates of the policy")
    parser.add_argument("--episodes", type=int, default=4, help="of each rollout")
    options = parser.parse_args()

    env: Any = gymnasium.make(options.env, layers=options.layers)
    steps = options.episodes * env.unwrapped.search_space.length()  # of whole episodes
    shape: dict[str, Any] = {"n_steps": steps, "batch_size": steps, "gamma": 1.0}
    model = PPO("MultiInputPolicy", env, seed=0, device="cpu", **shape)
    model.learn(options.rollouts * steps)
    rewards = [float(episode["r"]) for episode in model.ep_info_buffer or ()]
    print(f"{len(rewards)} episodes, rewards {rewards}")
    env.close()


if __name__ == "__main__":
    main()
