"""Measures what a delay costs REINFORCE, and what a correction by the ratio of policies changes.

python -m benchmarks.staleness      # some minutes on two cores

With ``ahead`` a, the policy that proposes has not yet learned from the last a batches. The problems
are the hidden target of docs/learning.md (15 decisions of 4 options, 400 episodes) and
``NAS-Bench-Digits-v0`` (300 episodes), with the same seeds for each ``ahead``.

The error of the gradient is exact. At every twentieth update of a search over the table, all 5,832
sequences are weighed by the probability that the policy that proposed gives them, and by that of
the present policy; the difference of the two expected gradients is divided by the length of the
second.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor

import nas_env  # noqa: F401 - registers the environments
from agents import make_agent, make_environment
from benchmarks._results import mean_interval, save
from benchmarks.learning import hidden_target
from nas_env.benchmark._processes import in_processes
from nas_env.command_line.program import command

AHEAD = (0, 1, 3, 7)
MAX_RATIOS: Mapping[str, float | None] = {"": None, ", max_ratio 2": 2.0}
TABLE, EPISODES = "NAS-Bench-Digits-v0", 300
LIMITS = {"max_ratio 1": 1.0, "max_ratio 2": 2.0, "max_ratio 5": 5.0}
EVERY = 20  # updates between two measurements of the gradient's error

Job = tuple[int, str, int]  # ahead, key of MAX_RATIOS, seed


@dataclass(frozen=True)
class Options:
    """Play with policies of different age.

    Attributes:
        seeds: Number of searches of each.
        gradients: Number of searches of each along which the gradient's error is measured.
        workers: Number of processes.
    """

    seeds: int = 16
    gradients: int = 6
    workers: int = os.cpu_count() or 1


def measure(options: Options) -> None:
    """Play, compare with ``ahead`` 0, print the figures and write them."""
    arms = [arm for arm in product(AHEAD, MAX_RATIOS) if arm != (0, ", max_ratio 2")]
    jobs: list[Job] = [(*arm, seed) for arm in arms for seed in range(options.seeds)]
    figures: dict[str, Any] = {}
    for play in (target, table):
        played = in_processes(play, jobs, options.workers)
        for name in played[0]:
            values = np.array([scores[name] for scores in played]).reshape(len(arms), -1)
            figures[name] = {
                f"ahead {ahead}{ratio}": {
                    "mean": round(float(row.mean()), 4),
                    "minus ahead 0": [round(x, 4) for x in mean_interval(row - values[0])],
                }
                for (ahead, ratio), row in zip(arms, values, strict=True)
            }
    delayed: list[Job] = [job for job in jobs if job[0] and job[2] < options.gradients]
    figures["median error of the gradient"] = errors(
        [each for found in in_processes(gradient, delayed, options.workers) for each in found]
    )
    for name, rows in figures.items():
        print(name)
        for arm, row in rows.items():
            print(f"  {arm}: {row}")
    command_line = f"--seeds {options.seeds} --gradients {options.gradients}"
    save("staleness", f"python -m benchmarks.staleness {command_line}", figures)


def errors(found: Sequence[tuple[str, str, float]]) -> dict[str, dict[str, float]]:
    """Return the median of the errors by search and by limit of the ratio."""
    grouped: dict[str, dict[str, list[float]]] = {}
    for arm, limit, error in found:
        grouped.setdefault(arm, {}).setdefault(limit, []).append(error)
    return {
        arm: {limit: round(float(np.median(each)), 4) for limit, each in limits.items()}
        for arm, limits in grouped.items()
    }


def target(job: Job) -> dict[str, float]:
    """Search the hidden target, and return the mean reward of the last quarter."""
    ahead, ratio, seed = job
    spec = {"name": "reinforce", "ahead": ahead, "max_ratio": MAX_RATIOS[ratio]}
    rewards = hidden_target(spec, seed, episodes=400)
    return {"hidden target, reward of the last 100": float(np.mean(rewards[-100:]))}


def table(job: Job) -> dict[str, float]:
    """Search the table, and return the best and the mean validation accuracy."""
    agent = searcher(job)
    rewards: list[float] = []
    while len(rewards) < EPISODES:
        rewards += [e.reward for e in agent.advance(EPISODES - len(rewards)).episodes]
    return {
        "table, best of 120": max(rewards[:120]),
        "table, mean of the first 120": float(np.mean(rewards[:120])),
        "table, best of 300": max(rewards),
    }


def searcher(job: Job) -> Any:
    """Return the agent of a job, which plays the table."""
    ahead, ratio, seed = job
    spec = {"name": "reinforce", "ahead": ahead, "max_ratio": MAX_RATIOS[ratio]}
    return make_agent(spec, make_environment(spec, TABLE), seed)


def gradient(job: Job) -> list[tuple[str, str, float]]:
    """Return relative errors of the gradients along a search that is not corrected."""
    ahead, ratio, _ = job
    if MAX_RATIOS[ratio] is not None:
        return []
    agent, found = searcher(job), []
    problem = agent.environment.unwrapped.problem
    sequences = np.array(list(product(*(range(len(d.options)) for d in problem.space.decisions))))
    rewards = np.array(
        [
            problem.objective.reward(evaluation)
            for _, evaluation in problem.evaluate(sequences.tolist())
        ]
    )
    then: dict[int, np.ndarray] = {}  # log-probabilities of all sequences, (n,), by update
    for update in range(EPISODES // agent.batch_size):
        if (update + ahead) % EVERY == 0:  # what is proposed now is learned from then
            then[update + ahead] = agent.policy.log_probabilities(sequences).sum(axis=1)
        if update in then and update > ahead:
            for name, error in relative_errors(agent, sequences, rewards, then[update]).items():
                found.append((f"ahead {ahead}", name, error))
        agent.advance(EPISODES - update * agent.batch_size)
    return found


def relative_errors(
    agent: Any, sequences: np.ndarray, rewards: np.ndarray, proposed: np.ndarray
) -> dict[str, float]:
    """Return how far expected gradients are from the present policy's, in units of its length.

    Args:
        agent: Agent that is about to learn.
        sequences: All sequences, int64 (n, decisions).
        rewards: Rewards of the sequences, (n,).
        proposed: Log-probabilities of the sequences by the policy that proposed, (n,).
    """
    limit = agent.config.max_advantage
    advantages = (rewards - agent.advantages.baseline.value) / agent.advantages.history.deviation
    advantages = advantages.clip(-limit, limit)
    log = agent.policy.evaluate(sequences).log_probabilities.sum(dim=1)
    then, now = np.exp(proposed), log.detach().double().exp().numpy()
    weights = {name: then * np.minimum(now / then, most) for name, most in LIMITS.items()}
    weights["uncorrected"] = then
    present = slope(agent, log, now * advantages)
    return {
        name: float((slope(agent, log, each * advantages) - present).norm() / present.norm())
        for name, each in weights.items()
    }


def slope(agent: Any, log: Tensor, weights: np.ndarray) -> Tensor:
    """Return the gradient of the weighed sum of log-probabilities, all in one row."""
    parameters = list(agent.controller.parameters())
    total = (log * torch.tensor(weights, dtype=torch.float32)).sum()
    found = torch.autograd.grad(total, parameters, retain_graph=True)
    return torch.cat([each.flatten() for each in found])


main = command("python -m benchmarks.staleness", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
