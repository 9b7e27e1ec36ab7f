"""Measures whether agents learn, on the digits and on a hidden target, over several seeds.

    python -m benchmarks.learning            # about 25 minutes on two slow cores; resumable

The digits are searched by the default preset, the paper's preset and random search, with the same
budget each. The hidden target needs no training: 15 decisions of 4 options; the reward is the
share of decisions that match, cubed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from agents import Episode, agent_class, make_config
from benchmarks._results import mean_interval, save
from nas_env.benchmark._processes import in_processes
from nas_env.command_line.program import command
from nas_env.command_line.train import main as search
from nas_env.run.store import open_store
from search_spaces import Decision
from search_spaces.convolutional import ConvolutionalSpace

SEEDS = range(5)
#: Learns from each batch before it proposes the next; benchmarks.staleness measures the rest.
AT_ONCE = {"name": "reinforce", "ahead": 0}
ARMS = {
    "default": ["--agent", "reinforce", "--agent.ahead", "0"],
    "paper": ["--agent", "reinforce", "--agent.preset", "paper"],
    "random search": ["--agent", "random_search"],
}


@dataclass(frozen=True)
class HiddenTarget(ConvolutionalSpace):
    """A space of 15 decisions of 4 options, from which nothing is ever built.

    Attributes:
        kinds: Number of kinds, in turn; decisions of a kind share a head of the controller.
    """

    kinds: int = 15

    def _decide(self) -> Any:
        for number in range(15):
            yield Decision(f"decision {number + 1}", f"kind {number % self.kinds}", (0, 1, 2, 3))

    def length(self, layers: int | None = None) -> int:
        """Return 15."""
        return 15


def hidden_target(
    spec: Mapping[str, Any], seed: int, kinds: int = 15, episodes: int = 400
) -> list[float]:
    """Return the rewards of an agent that looks for a hidden target."""
    space = HiddenTarget(kinds=kinds)
    target = np.random.default_rng(1000 + seed).integers(0, 4, space.length())
    name, config = make_config(spec)
    designs = SimpleNamespace(search_space=space, announce=lambda tokens: None)
    environment: Any = SimpleNamespace(unwrapped=designs)
    agent: Any = agent_class(name)(environment, config, seed)
    agent.play = lambda proposals: [
        Episode(p.tokens, float((p.tokens == target).mean() ** 3), {}, {}, p) for p in proposals
    ]
    rewards: list[float] = []
    while len(rewards) < episodes:
        rewards += [episode.reward for episode in agent.advance(episodes - len(rewards)).episodes]
    return rewards


def digits(job: tuple[str, int, int, Path]) -> list[float]:
    """Return the rewards of one search on the digits, played now or before."""
    arm, seed, children, folder = job
    run = folder / f"{arm.replace(' ', '-')}-{seed}"
    where = ["--run", str(run)]
    if (run / "config.json").exists():
        arguments = [*where, "--resume", "--quiet"]
    else:
        budget = ["--children", str(children), "--seed", str(seed), "--device", "cpu"]
        arguments = [*ARMS[arm], *where, *budget, "--workers", "0", "--quiet"]
    if search(arguments) != 0:
        raise SystemExit(f"the search in {run} failed")
    store = open_store(run / "results.sqlite")
    return [record["reward"] for record in store.all_episodes()]


def quarters(curves: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """Return the mean reward of each quarter of the episodes, with its interval over the seeds."""
    per_seed = np.array(curves).reshape(len(curves), 4, -1).mean(axis=2)
    return [mean_interval(column) for column in per_seed.T]


@dataclass(frozen=True)
class Options:
    """Measure whether the agent learns.

    Attributes:
        children: Episodes of each search.
        runs: Folder of the searches; those that are finished are not played again.
    """

    children: int = 200
    runs: Path = Path("runs/learning")


def measure(options: Options) -> None:
    """Play the missing searches, and write the figures and the picture."""
    torch.set_num_threads(1)
    jobs = [(arm, seed, options.children, options.runs) for seed in SEEDS for arm in ARMS]
    rewards = in_processes(digits, jobs, os.cpu_count() or 1)
    played = dict(zip([job[:2] for job in jobs], rewards, strict=True))
    curves = {arm: [played[arm, seed] for seed in SEEDS] for arm in ARMS}
    last = [np.mean(c[-options.children // 4 :]) for c in curves["default"]]
    first = [np.mean(c[: options.children // 4]) for c in curves["default"]]
    control = [np.mean(c) for c in curves["random search"]]
    figures = {
        "digits": {
            "children": options.children,
            "seeds": len(SEEDS),
            "quarters": {arm: quarters(c) for arm, c in curves.items()},
            "best": {arm: mean_interval([max(c) for c in curve]) for arm, curve in curves.items()},
            "last quarter minus first": mean_interval(np.subtract(last, first).tolist()),
            "last quarter minus random search": mean_interval(np.subtract(last, control).tolist()),
        },
        "hidden target": {
            f"{arm}, {kinds} kinds": mean_interval(
                [float(np.mean(hidden_target(spec, seed, kinds)[-100:])) for seed in SEEDS]
            )
            for kinds in (15, 3)
            for arm, spec in {
                "default": AT_ONCE,
                "default without decision_bias": {**AT_ONCE, "decision_bias": False},
                "paper": {"name": "reinforce", "preset": "paper"},
                "random search": {"name": "random_search"},
            }.items()
        },
    }
    print(save("learning", "python -m benchmarks.learning", figures))
    draw(curves)


def draw(curves: Mapping[str, Sequence[Sequence[float]]]) -> None:
    """Draw running means over 20 episodes: the mean over the seeds with its 95% interval."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    window = np.ones(20) / 20
    for arm, runs in curves.items():
        smooth = np.array([np.convolve(run, window, mode="valid") for run in runs])
        middle, half = np.array([mean_interval(column) for column in smooth.T]).T
        x = np.arange(20, 20 + len(middle))
        axes.plot(x, middle, label=arm)
        axes.fill_between(x, middle - half, middle + half, alpha=0.15)
    axes.set_xlabel("episodes")
    axes.set_ylabel("reward, mean of the last 20")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    figure.savefig("docs/learning.png", dpi=150, metadata={"Software": None})


main = command("python -m benchmarks.learning", Options, measure, resumes=True)

if __name__ == "__main__":
    sys.exit(main())
