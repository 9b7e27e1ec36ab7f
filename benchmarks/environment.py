"""Measures how fast environments step: one, many at once, under SB3's PPO, and FrozenLake.

python -m benchmarks.environment

Everything is timed in turns within one run, several times, and the best of each counts: other work
on the machine can only slow a turn down.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from agents import VecEnvAdapter
from benchmarks._results import save
from nas_env.command_line.program import command

EPISODES = 64  # of the vector environment
VECTOR: dict[str, Any] = {"vectorization_mode": "vector_entry_point"}


@dataclass(frozen=True)
class Options:
    """Time an environment alone, as a vector, and under PPO.

    Attributes:
        environment: Id of a table environment.
        rounds: Number of turns of each measurement.
        steps: Steps in a turn of one environment.
        ppo_steps: Steps in a turn of PPO.
    """

    environment: str = "NAS-Bench-Digits-v0"
    rounds: int = 5
    steps: int = 60_000
    ppo_steps: int = 4_096


class Trivial(gymnasium.Env[Any, Any]):
    """An environment of the same spaces that does nothing."""

    def __init__(self, environment: gymnasium.Env[Any, Any], length: int):
        self.observation_space, self.action_space = (
            environment.observation_space,
            environment.action_space,
        )
        self.length = length

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        """Return the observation, which is always the same."""
        super().reset(seed=seed)
        self.taken = 0
        return self._observation(), {}

    def step(self, action: Any) -> Any:
        """Count a step; an episode has as many as in the other environment."""
        self.taken += 1
        return self._observation(), 0.0, self.taken == self.length, False, {}

    def _observation(self) -> dict[str, Any]:
        tokens = self.observation_space["tokens"]  # type: ignore[index]
        return {"decision": np.int64(0), "tokens": np.zeros(tokens.shape, dtype=np.float32)}


def measure(options: Options) -> None:
    """Time everything in turns, print the figures and write them."""
    turns = {
        "FrozenLake-v1": one("FrozenLake-v1", options.steps),
        "one environment": one(options.environment, options.steps),
        f"vector environment, {EPISODES} episodes": many(options.environment, options.steps // 10),
        **ppo_turns(options),
    }
    best = dict.fromkeys(turns, 0.0)
    for _ in range(options.rounds + 1):  # the first turn of each sees the architectures
        for name, turn in turns.items():
            best[name] = max(best[name], turn())
    figures: dict[str, Any] = {f"{name}: steps/s": round(rate) for name, rate in best.items()}
    figures["x FrozenLake"] = round(best["one environment"] / best["FrozenLake-v1"], 2)
    for count in (1, 8):
        kept = best[f"PPO, {count} at once"] / best[f"PPO, {count} trivial at once"]
        figures[f"PPO's own speed kept, {count} at once"] = round(kept, 3)
    for name, value in figures.items():
        print(f"{name:44} {value:>12,}")
    save("environment", "python -m benchmarks.environment", figures)


def one(id: str, steps: int) -> Callable[[], float]:
    """Make a turn of random actions in the environment of ``gym.make``: steps per second."""
    env = gymnasium.make(id)
    actions = np.random.default_rng(0).integers(env.action_space.n, size=steps)  # type: ignore[attr-defined]

    def turn() -> float:
        env.reset()
        begun = time.perf_counter()
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        return steps / (time.perf_counter() - begun)

    return turn


def many(id: str, steps: int) -> Callable[[], float]:
    """Make a turn of random actions in the vector environment: decisions per second."""
    env = gymnasium.make_vec(id, num_envs=EPISODES, **VECTOR)
    options = env.single_action_space.n  # type: ignore[attr-defined]
    actions = np.random.default_rng(0).integers(options, size=(steps, EPISODES))
    env.reset()

    def turn() -> float:
        begun = time.perf_counter()
        for action in actions:
            env.step(action)
        return steps * EPISODES / (time.perf_counter() - begun)

    return turn


def ppo_turns(options: Options) -> dict[str, Callable[[], float]]:
    """Make turns of Stable-Baselines3's PPO on one and eight environments, and on trivial ones."""
    from stable_baselines3.common.vec_env import DummyVecEnv

    made = gymnasium.make(options.environment)
    length = made.unwrapped.search_space.length()  # type: ignore[attr-defined]
    vector = gymnasium.make_vec(options.environment, num_envs=8, **VECTOR)
    environments = {
        "PPO, 1 at once": DummyVecEnv([lambda: made]),
        "PPO, 1 trivial at once": DummyVecEnv([lambda: Trivial(made, length)]),
        "PPO, 8 at once": VecEnvAdapter(vector),
        "PPO, 8 trivial at once": DummyVecEnv([lambda: Trivial(made, length)] * 8),
    }
    return {name: ppo(env, options.ppo_steps) for name, env in environments.items()}


def ppo(environment: Any, steps: int) -> Callable[[], float]:
    """Make a turn of learning with PPO's own settings: steps per second."""
    from stable_baselines3 import PPO

    n_steps = 512 // environment.num_envs
    model = PPO("MultiInputPolicy", environment, n_steps=n_steps, device="cpu", seed=0)

    def turn() -> float:
        begun = time.perf_counter()
        model.learn(steps, reset_num_timesteps=False)
        return steps / (time.perf_counter() - begun)

    return turn


main = command("python -m benchmarks.environment", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
