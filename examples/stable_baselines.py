"""Let PPO of Stable-Baselines3 design networks; a tiny budget, to show how it is wired.

python -m examples.stable_baselines
"""

from __future__ import annotations

import argparse

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

    env = gymnasium.make(options.env, layers=options.layers)
    decisions = env.observation_space["tokens"].shape[0]
    rollout = options.episodes * decisions  # steps: an update sees whole episodes
    model = PPO(
        "MultiInputPolicy", env, n_steps=rollout, batch_size=rollout, gamma=1.0, seed=0, device="cpu"
    )
    model.learn(options.rollouts * rollout)
    rewards = [episode["r"] for episode in model.ep_info_buffer]
    print(f"{len(rewards)} episodes, rewards {rewards}")
    env.close()


if __name__ == "__main__":
    main()
