"""Draws the figures of a record: its searches, its trainings, and the network that was found.

python -m benchmarks.record_pictures --record benchmarks/results/record_60_0.json

It writes ``docs/<name>.png`` and ``docs/<name>_network.png``, where the name is the file's.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._record_figures import read
from nas_env import drawing
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue
from search_spaces import make_space


@dataclass(frozen=True)
class Options:
    """Draw the figures of a record.

    Attributes:
        record: File of the figures, of ``benchmarks.cifar10_record``.
        folder: Folder of the pictures.
    """

    record: Path = Path("benchmarks/results/record_60_0.json")
    folder: Path = Path("docs")


def measure(options: Options) -> None:
    """Draw, and name the files."""
    figures = read(options.record)["figures"]
    if "found" not in figures["networks"]:
        raise InvalidValue(f"{options.record} has no network that was found")
    curves = options.folder / f"{options.record.stem}.png"
    draw(figures, curves)
    network = options.folder / f"{options.record.stem}_network.png"
    drawing.save(picture(figures["networks"]["found"]), network)
    print(f"{curves}, {network}")


def picture(network: Mapping[str, Any]) -> Any:
    """Return the drawing of a network, with its size and its test error."""
    architecture = network["architecture"]
    space = make_space(architecture["space"])
    vertices = space.graph(space.parse(architecture))
    error = 100 * (1 - network["mean"])
    note = f"{network['parameters']:,} parameters, {error:.2f}% test error"
    return drawing.draw_graph(vertices, "The network that was found", [note])


def draw(figures: Mapping[str, Any], file: Path) -> None:
    """Draw the children of both searches, and the training loss of each network."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    for (name, search), colour in zip(figures["searches"].items(), ("C0", "C1"), strict=False):
        accuracies = 100 * np.array(search["children by number"], dtype=float)
        label = search["agent"] if name == "found" else name
        left.plot(_numbers(accuracies), accuracies, ".", color=colour, alpha=0.5)
        left.step(_numbers(accuracies), best_so_far(accuracies), color=colour, label=label)
    left.set(xlabel="children", ylabel="validation accuracy of a child, %")
    for name, network in figures["networks"].items():
        loss, minutes = network["training_loss"], network["minutes"]["cpu"]
        error = 100 * (1 - network["mean"])
        passed = np.arange(1, len(loss) + 1) / len(loss)
        right.plot(passed, loss, label=f"{name}: {error:.2f}% test error, {minutes:.0f} min")
    right.set(xlabel="share of the final training", ylabel="training loss")
    for axes in (left, right):
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
    drawing.save(figure, file)


def _numbers(children: Sequence[float] | np.ndarray) -> np.ndarray:
    return np.arange(1, len(children) + 1)


def best_so_far(accuracies: np.ndarray) -> np.ndarray:
    """Return the best accuracy up to each child; NaN is one that failed.

    Example:
        >>> best_so_far(np.array([np.nan, 40.0, np.nan, 30.0, 50.0])).tolist()
        [nan, 40.0, 40.0, 40.0, 50.0]
    """
    return np.fmax.accumulate(accuracies)


main = command("python -m benchmarks.record_pictures", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
