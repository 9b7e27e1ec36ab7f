"""Results on disk, and the statistics that all benchmarks state."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nas_env.files import write_json
from nas_env.summary import versions

FOLDER = Path(__file__).parent / "results"
STUDENT_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 8: 2.365, 10: 2.262, 20: 2.093}


def save(name: str, command: str, figures: Any) -> Path:
    """Keep figures beside the command that made them, and what it ran on."""
    FOLDER.mkdir(exist_ok=True)
    machine = {"processor": platform.machine(), "versions": versions()}
    write_json(FOLDER / f"{name}.json", {"command": command, "on": machine, "figures": figures})
    return FOLDER / f"{name}.json"


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """The mean and the half-width of its 95% interval (Student's t)."""
    count = len(values)
    if count < 2:
        return float(np.mean(values)), math.nan
    quantile = STUDENT_95.get(count, 1.96)
    return float(np.mean(values)), float(quantile * np.std(values, ddof=1) / math.sqrt(count))
