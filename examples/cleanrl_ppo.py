"""PPO in a single file, in the way of CleanRL (Huang et al. 2022, JMLR 23:274), with masks.

python -m examples.cleanrl_ppo
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import torch
import tyro
from torch import Tensor, nn
from torch.distributions import Categorical


@dataclass
class Args:
    """Settings; a rollout is one episode of each environment."""

    env_id: str = "nas_env:NAS-Bench-Digits-v0"
    num_envs: int = 8
    num_iterations: int = 50
    update_epochs: int = 4
    learning_rate: float = 5e-3
    clip_coef: float = 0.2
    ent_coef: float = 0.01
    seed: int = 1


def masked(logits: Tensor, mask: Tensor) -> Categorical:
    """The policy over the open options."""
    return Categorical(logits=logits.masked_fill(mask == 0, -1e9))


if __name__ == "__main__":
    args = tyro.cli(Args)
    torch.manual_seed(args.seed)
    envs: Any = gym.make_vec(
        args.env_id,
        num_envs=args.num_envs,
        vectorization_mode="vector_entry_point",
        observation="flat",
    )
    num_steps = envs.unwrapped.search_space.length()
    inputs = envs.single_observation_space.shape[0]
    actor, critic = (
        nn.Sequential(nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, outputs))
        for outputs in (envs.single_action_space.n, 1)
    )
    parameters = [*actor.parameters(), *critic.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=args.learning_rate, eps=1e-5)

    returns = np.zeros(args.num_envs)
    next_obs, infos = envs.reset(seed=args.seed)
    for iteration in range(1, args.num_iterations + 1):
        steps = []
        for _ in range(num_steps):
            obs, mask = torch.as_tensor(next_obs), torch.as_tensor(infos["action_mask"])
            with torch.no_grad():
                policy = masked(actor(obs), mask)
                action = policy.sample()
            steps.append((obs, mask, action, policy.log_prob(action)))
            next_obs, returns, _, _, infos = envs.step(action.numpy())
        print(f"iteration {iteration}, mean return {returns.mean():.3f}")

        # All reward comes with the last decision, and gamma is 1: each step's return is the same.
        b_obs, b_masks, b_actions, b_logprobs = map(torch.cat, zip(*steps, strict=True))
        b_returns = torch.as_tensor(returns, dtype=torch.float32).repeat(num_steps)
        for _ in range(args.update_epochs):
            policy, values = masked(actor(b_obs), b_masks), critic(b_obs).flatten()
            advantages = b_returns - values.detach()
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
            ratio = (policy.log_prob(b_actions) - b_logprobs).exp()
            clipped = ratio.clamp(1 - args.clip_coef, 1 + args.clip_coef)
            loss = -torch.min(advantages * ratio, advantages * clipped).mean()
            loss += 0.25 * (b_returns - values).pow(2).mean()
            loss -= args.ent_coef * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 0.5)
            optimizer.step()
    envs.close()
