"""Let PPO of Stable-Baselines3 design networks with a tiny budget.

python -m examples.stable_baselines
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import gymnasium
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.monitor import Monitor


def main() -> None:
    """Learn for some episodes; print their rewards, and that of the policy's best choices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="nas_env:NAS-Digits-v0", help="the environment's id")
    parser.add_argument("--layers", type=int, default=2, help="layers of each network")
    parser.add_argument("--rollouts", type=int, default=2, help="updates of the policy")
    parser.add_argument("--episodes", type=int, default=4, help="episodes of each rollout")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        # With one file of evaluations, neither environment trains what the other has trained.
        settings = {"layers": options.layers, "store": str(Path(folder) / "results.sqlite")}
        env: Any = gymnasium.make(options.env, **settings)
        evaluation = Monitor(gymnasium.make(options.env, **settings))
        steps = options.episodes * env.unwrapped.search_space.length()  # of whole episodes
        # The policy's first choices are one architecture, so one episode evaluates them: it
        # trains that child, unless it is known.
        callback = EvalCallback(evaluation, n_eval_episodes=1, eval_freq=steps, verbose=0)
        shape: dict[str, Any] = {"n_steps": steps, "batch_size": steps, "gamma": 1.0}
        model = PPO("MultiInputPolicy", env, seed=0, device="cpu", **shape)
        model.learn(options.rollouts * steps, callback)
        env.close()
        evaluation.close()
    rewards = [float(episode["r"]) for episode in model.ep_info_buffer or ()]
    print(f"{len(rewards)} episodes, rewards {rewards}")
    print(f"the policy's first choices: {callback.last_mean_reward:.6f}")


if __name__ == "__main__":
    main()
