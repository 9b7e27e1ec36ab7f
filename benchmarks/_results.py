"""Results on disk, and the interval that all benchmarks state."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nas_env.files import write_json
from nas_env.machine import processor
from nas_env.search.summary import versions
from nas_env.training.precision import fast_bfloat16

FOLDER = Path(__file__).parent / "results"


def save(name: str, command: str, figures: Any, folder: Path | None = None) -> Path:
    """Write figures to a file, with the command that made them and the machine it ran on."""
    folder = folder or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    machine = {"processor": processor(), "instructions": instructions(), "versions": versions()}
    write_json(folder / f"{name}.json", {"command": command, "on": machine, "figures": figures})
    return folder / f"{name}.json"


def instructions() -> str:
    """Return the vector instructions that torch uses, in which processors of one name differ."""
    bfloat16 = "with" if fast_bfloat16("cpu") else "without"
    return f"{torch.backends.cpu.get_cpu_capability()} {bfloat16} bfloat16"


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and half the width of its 95% interval (Student's t)."""
    from nas_env.benchmark import _statistics  # wants scipy; keeping figures does not

    interval = _statistics.mean_interval(values)
    return interval.value, interval.half


def in_percent(shares: np.ndarray) -> list[float]:
    """Return the mean of shares and half the width of its 95% interval, with two digits."""
    return [round(value, 2) for value in mean_interval((100 * shares).tolist())]
