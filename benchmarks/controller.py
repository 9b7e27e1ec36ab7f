"""Speed of the controller alone, without training children: architectures a second, one core.

python -m benchmarks.controller      # about a minute
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from agents import Episode, agent_class, make_config
from benchmarks._results import save
from nas_env.command_line.program import command
from search_spaces.convolutional import ConvolutionalSpace

DEPTHS = {15: 3, 75: 10, 250: 20}  # decisions: layers; 15 without the skip decisions
BATCHES = (2, 8)
SECONDS = 3.0  # of each measurement; the best of three is stated


def rate(layers: int, skips: bool, batch_size: int) -> float:
    """Return the architectures a second that are sampled and learned from random rewards."""
    strides = (1, 2, 3) if not skips else (1,)
    space = ConvolutionalSpace(layers=layers, skip_connections=skips, strides=strides)
    name, config = make_config({"name": "reinforce", "batch_size": batch_size})
    environment: Any = SimpleNamespace(unwrapped=SimpleNamespace(search_space=space))
    agent = agent_class(name)(environment, config, 0)
    rng = np.random.default_rng(0)
    agent.learn([Episode(tuple(t), 0.5, {}, {}) for t in agent.draw(batch_size)])
    best = 0.0
    for _ in range(3):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < SECONDS:
            rewards = rng.random(batch_size)
            tokens = agent.draw(batch_size)
            agent.learn(
                [Episode(tuple(t), float(r), {}, {}) for t, r in zip(tokens, rewards, strict=True)]
            )
            count += batch_size
        best = max(best, count / (time.perf_counter() - start))
    return best


@dataclass(frozen=True)
class Options:
    """Time the controller's proposals and updates."""


def measure(_: Options) -> None:
    """Measure each number of decisions and each batch size."""
    torch.set_num_threads(1)
    figures = {
        f"{decisions} decisions": {
            f"{batch} at once": round(rate(layers, decisions != 15, batch)) for batch in BATCHES
        }
        for decisions, layers in DEPTHS.items()
    }
    print(save("controller", "python -m benchmarks.controller", figures))
    print(figures)


main = command("python -m benchmarks.controller", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
