"""PPO in one file, in the way of CleanRL (Huang et al. 2022, JMLR 23:274).

python -m examples.cleanrl_ppo
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import torch
import tyro
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from torch import nn
from torch.distributions import Categorical


@dataclass
class Args:
    """Settings; a rollout is one episode of each environment."""

    env_id: str = "nas_env:NAS-Digits-v0"
    layers: int = 2
    num_envs: int = 4
    num_iterations: int = 2
    update_epochs: int = 4
    learning_rate: float = 2.5e-3
    clip_coef: float = 0.2
    ent_coef: float = 0.01
    seed: int = 1


def make_env() -> gym.Env:
    """An environment of flat observations."""
    env = gym.make(args.env_id, layers=args.layers)
    return gym.wrappers.RecordEpisodeStatistics(gym.wrappers.FlattenObservation(env))


if __name__ == "__main__":
    args = tyro.cli(Args)
    torch.manual_seed(args.seed)
    # Gymnasium's default, NEXT_STEP, adds a step after each episode, whose action does nothing.
    envs: Any = SyncVectorEnv([make_env] * args.num_envs, autoreset_mode=AutoresetMode.SAME_STEP)
    num_steps = envs.envs[0].unwrapped.search_space.length()
    inputs = envs.single_observation_space.shape[0]
    actor, critic = (
        nn.Sequential(nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, outputs))
        for outputs in (envs.single_action_space.n, 1)
    )
    parameters = [*actor.parameters(), *critic.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=args.learning_rate, eps=1e-5)

    next_obs, infos = envs.reset(seed=args.seed)
    for iteration in range(1, args.num_iterations + 1):
        steps = []
        for _ in range(num_steps):
            obs = torch.as_tensor(next_obs, dtype=torch.float32)
            with torch.no_grad():
                policy = Categorical(logits=actor(obs))
                action = policy.sample()
            steps.append((obs, action, policy.log_prob(action)))
            next_obs, _, _, _, infos = envs.step(action.numpy())
        returns = infos["final_info"]["episode"]["r"]
        print(f"iteration {iteration}, returns {returns}")

        # All reward comes with the last decision, and gamma is 1: each step's return is the same.
        b_obs, b_actions, b_logprobs = (torch.cat(part) for part in zip(*steps, strict=True))
        b_returns = torch.as_tensor(returns, dtype=torch.float32).repeat(num_steps)
        for _ in range(args.update_epochs):
            policy, values = Categorical(logits=actor(b_obs)), critic(b_obs).flatten()
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
