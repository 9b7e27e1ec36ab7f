"""DQN in a single file, in the way of CleanRL (Huang et al. 2022, JMLR 23:274), with masks.

python -m examples.cleanrl_dqn
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import torch
import tyro
from torch import Tensor, nn


@dataclass
class Args:
    """Settings; time is counted in decisions."""

    env_id: str = "nas_env:NAS-Bench-Digits-v0"
    total_timesteps: int = 5_000
    learning_starts: int = 200
    train_frequency: int = 2
    batch_size: int = 128
    buffer_size: int = 10_000
    target_network_frequency: int = 200
    learning_rate: float = 2e-3
    start_e: float = 1.0
    end_e: float = 0.05
    exploration_fraction: float = 0.5
    seed: int = 1


def best(values: Tensor, mask: Any) -> Tensor:
    """The values with those of closed options out of reach."""
    return values.masked_fill(torch.as_tensor(mask) == 0, -torch.inf)


if __name__ == "__main__":
    args = tyro.cli(Args)
    torch.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    env: Any = gym.make(args.env_id, observation="flat")
    env.action_space.seed(args.seed)

    def network() -> nn.Module:
        """The value of each option."""
        inputs, outputs = env.observation_space.shape[0], int(env.action_space.n)
        return nn.Sequential(nn.Linear(inputs, 64), nn.ReLU(), nn.Linear(64, outputs))

    q_network, target_network = network(), network()
    target_network.load_state_dict(q_network.state_dict())
    optimizer = torch.optim.Adam(q_network.parameters(), lr=args.learning_rate)
    replay, returns = deque(maxlen=args.buffer_size), []

    obs, info = env.reset(seed=args.seed)
    for step in range(args.total_timesteps):
        explored = min(step / (args.exploration_fraction * args.total_timesteps), 1)
        if rng.random() < args.start_e + explored * (args.end_e - args.start_e):
            action = env.action_space.sample(info["action_mask"])
        else:
            with torch.no_grad():
                values = q_network(torch.as_tensor(obs))
            action = best(values, info["action_mask"]).argmax().item()
        next_obs, reward, terminated, _, next_info = env.step(action)
        replay.append((obs, action, reward, next_obs, next_info["action_mask"], terminated))
        obs, info = next_obs, next_info
        if terminated:
            returns.append(reward)
            obs, info = env.reset()
            if len(returns) % 100 == 0:
                print(f"episode {len(returns)}, mean return {np.mean(returns[-100:]):.3f}")
        if step > args.learning_starts and step % args.train_frequency == 0:
            rows = [replay[i] for i in rng.integers(len(replay), size=args.batch_size)]
            b_obs, b_actions, b_rewards, b_next, b_masks, b_done = map(
                torch.as_tensor, map(np.array, zip(*rows, strict=True))
            )
            with torch.no_grad():
                ahead = best(target_network(b_next), b_masks).amax(dim=1)
                target = b_rewards.float() + torch.where(b_done, 0, ahead)
            value = q_network(b_obs).gather(1, b_actions[:, None]).squeeze(1)
            optimizer.zero_grad()
            nn.functional.mse_loss(value, target).backward()
            optimizer.step()
        if step % args.target_network_frequency == 0:
            target_network.load_state_dict(q_network.state_dict())
    print(f"{len(returns)} episodes, mean return of the last {np.mean(returns[-100:]):.3f}")
    env.close()
