"""Design one network with random choices, and train it.

python -m examples.gymnasium_loop
"""

from __future__ import annotations

import argparse

import gymnasium


def main() -> None:
    """Play one episode through Gymnasium's API."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="nas_env:NAS-Digits-v0", help="the environment's id")
    parser.add_argument("--seed", type=int, default=0, help="seed of the choices")
    options = parser.parse_args()

    env = gymnasium.make(options.env, render_mode="ansi")
    env.action_space.seed(options.seed)
    _, info = env.reset()
    reward, terminated = 0.0, False
    while not terminated:
        action = env.action_space.sample(info["action_mask"])
        _, reward, terminated, _, info = env.step(action)
    print(env.render())
    print(f"reward {reward:.4f}")
    print(info["evaluation"])
    env.close()


if __name__ == "__main__":
    main()
