"""MaskablePPO of sb3-contrib, several episodes at once through the vector environment.

python -m examples.maskable_ppo
"""

from __future__ import annotations

import argparse
from typing import Any

import gymnasium
from sb3_contrib import MaskablePPO

from agents import VecEnvAdapter


def main() -> None:
    """Learn for some episodes, and print their rewards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="nas_env:NAS-Digits-v0", help="the environment's id")
    parser.add_argument("--layers", type=int, default=2, help="layers of each network")
    parser.add_argument("--rollouts", type=int, default=2, help="updates of the policy")
    parser.add_argument(
        "--episodes", type=int, default=4, help="episodes of a rollout, played at once"
    )
    options = parser.parse_args()

    envs: Any = gymnasium.make_vec(
        options.env,
        num_envs=options.episodes,
        vectorization_mode="vector_entry_point",
        layers=options.layers,
    )
    steps = envs.unwrapped.search_space.length()  # in each environment, so of one episode in each
    total = options.episodes * steps
    shape: dict[str, Any] = {"n_steps": steps, "batch_size": total, "gamma": 1.0}
    model = MaskablePPO("MultiInputPolicy", VecEnvAdapter(envs), seed=0, device="cpu", **shape)
    model.learn(options.rollouts * total)
    rewards = [float(episode["r"]) for episode in model.ep_info_buffer or ()]
    print(f"{len(rewards)} episodes, rewards {rewards}")
    envs.close()


if __name__ == "__main__":
    main()
