"""Compares the paper's asynchronous replicas with the plain agent at equal numbers of children.

python -m benchmarks.replicas      # some ten minutes on two cores

100 replicas of 8 children each and 20 shards, all other settings from the preset ``paper``, play
against ``reinforce`` with the same settings, which waits for its 8 children. Both play as many
children as the paper, 12,800. Children take log-normal times on a clock that is counted, not waited
for. The figures of a search are the mean reward of its last children, the best, and the time.
"""

from __future__ import annotations

import heapq
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

import nas_env  # noqa: F401 - registers the environments
from agents import Episode, Proposal, make_agent, make_config, make_environment
from benchmarks._results import mean_interval, save
from nas_env.benchmark._processes import in_processes
from nas_env.command_line.program import command

PARTS = 16  # of a search, whose mean rewards are shown
SPREAD = 0.5  # of the logarithm of a child's time: the slowest of 800 takes 5 times the median


@dataclass(frozen=True)
class Options:
    """Play with asynchronous replicas, and without.

    Attributes:
        environment: Id of an environment that trains nothing.
        children: Number of children of a search, a multiple of 16.
        last: Number of the last children whose mean reward is compared.
        seeds: Number of searches of each.
        replicas: Number of replicas.
        workers: Number of processes.
    """

    environment: str = "NK-24-4-v0"
    children: int = 12_800
    last: int = 1_600
    seeds: int = 6
    replicas: int = 100
    workers: int = os.cpu_count() or 1


Job = tuple[str, int, Options]  # name of the agent, seed


class Played(NamedTuple):
    """The rewards, the time and the staleness of a search.

    Attributes:
        rewards: Reward of each child, in the order in which they finished.
        time: Time of the search, in units of a child's median time.
        staleness: Number of gradients by their staleness.
    """

    rewards: list[float]
    time: float
    staleness: Counter[int]


def measure(options: Options) -> None:
    """Play, compare, print the figures and write them."""
    jobs = [(name, seed, options) for seed in range(options.seeds) for name in SEARCHES]
    found = iter(in_processes(search, jobs, options.workers))
    report(
        [dict(zip(SEARCHES, pair, strict=True)) for pair in zip(found, found, strict=True)], options
    )


def report(pairs: Sequence[dict[str, Played]], options: Options) -> None:
    """Print and write the figures of pairs of searches with one seed."""
    figures: dict[str, Any] = {
        "children": options.children,
        "settings": asdict(make_config(spec_of("replicas", options))[1]),
    }
    for score in ("mean of the last", "best", "time"):
        values = {
            name: np.array([scored(pair[name], options)[score] for pair in pairs])
            for name in SEARCHES
        }
        values["replicas minus reinforce"] = values["replicas"] - values["reinforce"]
        figures[score] = {name: rounded(row) for name, row in values.items()}
    for name in SEARCHES:
        rewards = np.array([pair[name].rewards for pair in pairs])
        parts = rewards.reshape(len(pairs), PARTS, -1).mean(axis=(0, 2))
        figures[f"rewards of {name}"] = [round(float(part), 3) for part in parts]
    staleness = sum((pair["replicas"].staleness for pair in pairs), Counter[int]())
    figures["staleness"] = histogram(staleness, options.replicas)
    for name, value in figures.items():
        print(name, value)
    id = options.environment
    line = f"--environment {id} --children {options.children} --seeds {options.seeds}"
    save(
        f"replicas_{id.lower().replace('-', '_')}", f"python -m benchmarks.replicas {line}", figures
    )


def scored(played: Played, options: Options) -> dict[str, float]:
    """Return the figures of one search."""
    last = float(np.mean(played.rewards[-options.last :]))
    return {"mean of the last": last, "best": max(played.rewards), "time": played.time}


def rounded(values: np.ndarray) -> list[float]:
    """Return the mean and half the width of its 95% interval."""
    return [round(value, 4) for value in mean_interval(values.tolist())]


def histogram(staleness: Counter[int], replicas: int) -> dict[str, Any]:
    """Return the mean and the largest staleness, and the share of gradients by their staleness.

    Args:
        staleness: Number of gradients by their staleness.
        replicas: Number of replicas: a quarter of it is the width of a bin, and twice it the last.
    """
    stale = np.repeat(list(staleness), list(staleness.values()))
    edges = [*np.linspace(0, 2 * replicas, 9).astype(int).tolist(), 10**9]
    shares = np.histogram(stale, bins=edges)[0] / len(stale)
    names = [f"{low} to {high - 1}" for low, high in pairwise(edges[:-1])]
    return {
        "mean": round(float(stale.mean()), 1),
        "median": float(np.median(stale)),
        "largest": int(stale.max()),
        "shares": {
            name: round(float(share), 3)
            for name, share in zip([*names, f"{edges[-2]} or more"], shares, strict=True)
        },
    }


def spec_of(name: str, options: Options) -> dict[str, Any]:
    """Return the agent of a name, with the settings of the paper."""
    own = {"replicas": options.replicas} if name == "replicas" else {}
    return {"name": name, "preset": "paper", **own}


def search(job: Job) -> Played:
    """Play one search on a clock that is counted."""
    name, seed, options = job
    spec = spec_of(name, options)
    environment = make_environment(spec, options.environment)
    agent: Any = make_agent(spec, environment, seed)
    clock = Clock(environment.unwrapped.problem, np.random.default_rng(seed))
    rewards = SEARCHES[name](agent, clock, options.children)
    staleness = agent.staleness if name == "replicas" else Counter()
    return Played(rewards, clock.now, staleness)


class Clock:
    """Children on their way, each of which takes its time.

    Args:
        problem: The problem that answers without training.
        rng: Generator of the times.
    """

    def __init__(self, problem: Any, rng: np.random.Generator):
        self.problem, self.rng, self.now = problem, rng, 0.0
        self.flying: list[tuple[float, int, Episode]] = []

    def begin(self, proposals: Sequence[Proposal]) -> None:
        """Begin children."""
        evaluations = self.problem.evaluate([proposal.tokens for proposal in proposals])
        for proposal, (_, evaluation) in zip(proposals, evaluations, strict=True):
            reward = self.problem.objective.reward(evaluation)
            ends = self.now + self.rng.lognormal(0.0, SPREAD)
            episode = Episode(proposal.tokens, reward, {}, {}, proposal)
            heapq.heappush(self.flying, (ends, proposal.number, episode))

    def next(self) -> Episode:
        """Move to the moment when the next child finishes, and return it."""
        self.now, _, episode = heapq.heappop(self.flying)
        return episode


def asynchronous(agent: Any, clock: Clock, children: int) -> list[float]:
    """Hand each child over as it finishes; return the rewards."""
    rewards: list[float] = []
    while len(rewards) < children:
        free = agent.config.children_at_once - len(clock.flying)
        left = children - agent.proposals.made
        if proposals := agent.propose(min(free, left)):
            clock.begin(proposals)
        episode = clock.next()
        rewards.append(episode.reward)
        agent.learn([episode])
    return rewards


def waiting(agent: Any, clock: Clock, children: int) -> list[float]:
    """Wait for each batch; return the rewards."""
    rewards: list[float] = []
    while len(rewards) < children:
        proposals = agent.propose(min(agent.batch_size, children - len(rewards)))
        clock.begin(proposals)
        numbered = {e.proposal: e for e in (clock.next() for _ in proposals)}
        batch = [numbered[proposal] for proposal in proposals]
        rewards += [episode.reward for episode in batch]
        agent.learn(batch)
    return rewards


SEARCHES = {"replicas": asynchronous, "reinforce": waiting}

main = command("python -m benchmarks.replicas", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
