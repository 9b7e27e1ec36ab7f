"""PPO of RLlib, which takes the mask from the observation.

python -m examples.rllib_ppo
"""

# pyright: reportMissingImports=false
# RLlib is installed apart from the rest (make test-rllib), because it pins an older Gymnasium.
from __future__ import annotations

import argparse
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.examples.rl_modules.classes.action_masking_rlm import ActionMaskingTorchRLModule
from ray.tune.registry import register_env


class MaskInObservation(gymnasium.Wrapper):
    """Gives ``{"observations": …, "action_mask": …}``, where RLlib's module looks for the mask."""

    def __init__(self, env: gymnasium.Env[Any, Any]):
        super().__init__(env)
        mask = Box(0, 1, (int(env.action_space.n),), np.float32)  # type: ignore[attr-defined]
        self.observation_space = Dict(observations=env.observation_space, action_mask=mask)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._with_mask(observation, info), info

    def step(self, action: Any) -> Any:
        """Take a decision."""
        observation, *rest, info = self.env.step(action)
        return self._with_mask(observation, info), *rest, info

    def _with_mask(self, observation: Any, info: dict[str, Any]) -> dict[str, Any]:
        mask = info["action_mask"].astype(np.float32)
        return {"observations": observation, "action_mask": mask}


def main() -> None:
    """Learn for some iterations, and print their mean return."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="nas_env:NAS-Bench-Digits-v0", help="the environment's id")
    parser.add_argument("--iterations", type=int, default=12, help="updates of the policy")
    parser.add_argument("--steps", type=int, default=576, help="decisions of an iteration")
    options = parser.parse_args()

    def make_env(settings: dict[str, Any]) -> gymnasium.Env[Any, Any]:
        return MaskInObservation(gymnasium.make(options.env, observation="flat", **settings))

    register_env("nas", make_env)
    config = (
        PPOConfig()
        .environment("nas")
        .env_runners(num_env_runners=0, num_envs_per_env_runner=8)
        .training(
            gamma=1.0,
            lr=1e-3,
            train_batch_size_per_learner=options.steps,
            minibatch_size=96,
            num_epochs=8,
            entropy_coeff=0.01,
        )
        .rl_module(rl_module_spec=RLModuleSpec(module_class=ActionMaskingTorchRLModule))
        .debugging(seed=0)
    )
    algorithm = config.build_algo()
    for iteration in range(1, options.iterations + 1):
        result = algorithm.train()
        mean = result["env_runners"]["episode_return_mean"]
        print(f"iteration {iteration}, mean return {mean:.3f}")
    algorithm.stop()


if __name__ == "__main__":
    main()
