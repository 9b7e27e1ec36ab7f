"""PPO of TorchRL, whose policy respects the masks.

python -m examples.torchrl_ppo
"""

from __future__ import annotations

import argparse
from typing import Any

import torch
from tensordict.nn import TensorDictModule
from torch import nn
from torchrl.collectors import Collector
from torchrl.data import Binary
from torchrl.envs import (
    ActionMask,
    DTypeCastTransform,
    GymEnv,
    TransformedEnv,
    default_info_dict_reader,
)
from torchrl.modules import MaskedCategorical, ProbabilisticActor, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE


def make_env(id: str) -> Any:
    """The environment with ``info["action_mask"]`` as an entry, heeded by random actions too."""
    env: Any = GymEnv(id, observation="flat", categorical_action_encoding=True)
    mask = Binary(env.action_spec.space.n, dtype=torch.int8)
    env.set_info_dict_reader(default_info_dict_reader(["action_mask"], {"action_mask": mask}))
    as_bool = DTypeCastTransform(torch.int8, torch.bool, in_keys=["action_mask"])
    env = TransformedEnv(env, as_bool)
    env.append_transform(ActionMask())
    return env


def main() -> None:
    """Learn for some rollouts of whole episodes, and print their mean reward."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--env", default="nas_env:NAS-Bench-Digits-v0", help="the environment's id")
    parser.add_argument("--rollouts", type=int, default=20, help="updates of the policy")
    parser.add_argument("--episodes", type=int, default=16, help="episodes of each rollout")
    options = parser.parse_args()

    torch.manual_seed(0)
    env = make_env(options.env)
    inputs, outputs = env.observation_spec["observation"].shape[0], env.action_spec.space.n
    actor, critic = (
        nn.Sequential(nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, size))
        for size in (outputs, 1)
    )
    keys: Any = {"logits": "logits", "mask": "action_mask"}
    policy = ProbabilisticActor(
        TensorDictModule(actor, ["observation"], ["logits"]),
        in_keys=keys,
        distribution_class=MaskedCategorical,
        return_log_prob=True,
    )
    value = ValueOperator(critic, ["observation"])
    advantage = GAE(gamma=1.0, lmbda=0.95, value_network=value)
    loss = ClipPPOLoss(policy, value, entropy_coeff=0.01, normalize_advantage=True)
    optimizer = torch.optim.Adam(loss.parameters(), lr=5e-3)

    steps = options.episodes * env.unwrapped.search_space.length()
    collector = Collector(
        env,
        policy,
        frames_per_batch=steps,
        total_frames=options.rollouts * steps,
        auto_register_policy_transforms=False,
    )
    for rollout, data in enumerate(collector, start=1):
        for _ in range(8):
            advantage(data)
            losses = loss(data.reshape(-1))
            optimizer.zero_grad()
            (losses["loss_objective"] + losses["loss_critic"] + losses["loss_entropy"]).backward()
            optimizer.step()
        reward = data["next", "reward"][data["next", "done"]].mean().item()
        print(f"rollout {rollout}, mean reward {reward:.3f}")
    collector.shutdown()


if __name__ == "__main__":
    main()
