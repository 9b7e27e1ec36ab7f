"""Plays the searches of docs/controls.md beside random search, and keeps what they give.

python -m benchmarks.controls --searches nas-bench-201      # 2 minutes
python -m benchmarks.controls --searches pydocs
python -m benchmarks.controls --searches pydocs-larger      # after pydocs
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from benchmarks._results import save
from nas_env.benchmark._statistics import Interval, difference, mean_interval
from nas_env.command_line.program import command
from nas_env.command_line.train import main as train
from nas_env.controls.__main__ import main as compare_runs
from nas_env.controls.curves import best_means
from nas_env.controls.runs import read_played
from nas_env.errors import NASError
from nas_env.files import read_json
from nas_env.tasks import make_task

COUNTS = (1, 5, 15)
LARGEST = 2**24  # bytes of controls.json
CELLS = (
    "--env NAS-PyDocs-v0 --recipe.epochs 1 --task.train-size 20000 --task.validation-size 4000 "
    "--no-references --workers 0"
)
LARGER = "--space.combinations add elem_mult max --space.activations identity tanh sigmoid relu sin"


class Experiment(NamedTuple):
    """Searches that differ in their seed.

    Attributes:
        words: The words of their command line.
        children: Children of each.
        seeds: Number of the searches.
        control: Whether each has a random control.
        store: Name of the file in which all keep their evaluations; each its own by default.
    """

    words: str
    children: int
    seeds: int
    control: bool = True
    store: str | None = None


EXPERIMENTS: Mapping[str, Experiment] = {
    "nas-bench-201": Experiment("--env NAS-Bench-201-CIFAR10-v0", 300, 20),
    "pydocs": Experiment(CELLS, 60, 5, store="cells.sqlite"),
    "pydocs-larger": Experiment(f"{CELLS} {LARGER}", 60, 5, False, "cells.sqlite"),
}


@dataclass(frozen=True)
class Options:
    """Play searches beside random search, and keep what they give.

    Attributes:
        searches: The searches: those of a table; those of cells; those of cells with max and sin,
            without control, beside those of ``pydocs``.
        children: Children of each search; by default as many as docs/controls.md has.
        folder: Folder of the runs and of their one store; runs that are there go on.
    """

    searches: Literal["nas-bench-201", "pydocs", "pydocs-larger"] = "nas-bench-201"
    children: int | None = None
    folder: Path = Path("runs/controls")


def controls(options: Options) -> None:
    """Play the searches that are not played yet, compare them, and keep the figures."""
    name, experiment = options.searches, EXPERIMENTS[options.searches]
    children = options.children or experiment.children
    folders = [options.folder / f"{name}-{seed}" for seed in range(experiment.seeds)]
    options.folder.mkdir(parents=True, exist_ok=True)
    for seed, folder in enumerate(folders):
        line = [*experiment.words.split(), "--children", str(children), "--seed", str(seed)]
        if experiment.control:
            line += ["--control", "random"]
        if experiment.store is not None:
            line += ["--store", str(options.folder / experiment.store)]
        if train([*line, "--run", str(folder), "--resume", "auto", "--quiet"]):
            raise NASError(f"{folder} is not finished")
    line = f"python -m benchmarks.controls --searches {name} --children {children}"
    found = _compared(folders, options.folder / name) if experiment.control else _larger(folders)
    print(save(f"controls_{name}", line, found))


def _compared(folders: Sequence[Path], out: Path) -> dict[str, Any]:
    """Return the last points of ``controls.json``, without its curves and folders."""
    if compare_runs([*map(str, folders), "--out", str(out)]):
        raise NASError("the runs cannot be compared")
    found = read_json(out / "controls.json", most=LARGEST)
    for curves in found["top"].values():
        del curves["over_children"], curves["over_seconds"]
    for run in found["runs"]:
        del run["run"]
    return found


def _larger(folders: Sequence[Path]) -> dict[str, Any]:
    """Compare the searches of the larger space with those of the usual one, of the same seeds."""
    usual = [folder.with_name(folder.name.replace("-larger", "")) for folder in folders]
    larger, known = _ends(folders), _ends(usual)
    best = [read_json(folder / "summary.json")["best"]["architecture"] for folder in folders]
    return {
        "top": {
            str(count): {
                "larger": _shown(mean_interval(larger[count])),
                "usual": _shown(mean_interval(known[count])),
                "larger_minus_usual": _shown(difference(larger[count], known[count])),
            }
            for count in COUNTS
        },
        "best_cells_with": {
            option: sum(f'"{option}"' in json.dumps(cell) for cell in best)
            for option in ("max", "sin")
        },
        "best_cells": best,
    }


def _ends(folders: Sequence[Path]) -> dict[int, list[float]]:
    """Return for each number of the best their mean at the end of each search."""
    ends: dict[int, list[float]] = {count: [] for count in COUNTS}
    for folder in folders:
        config = read_json(folder / "config.json")
        metric = make_task(config["make"]["task"]).metric
        played = read_played(config["store"], config["id"], metric)
        for count in COUNTS:
            ends[count].append(best_means(played, count, metric.maximise)[-1])
    return ends


def _shown(interval: Interval) -> dict[str, float]:
    return {name: round(value, 4) for name, value in interval._asdict().items()}


main = command("python -m benchmarks.controls", Options, controls, resumes=True)

if __name__ == "__main__":
    sys.exit(main())
