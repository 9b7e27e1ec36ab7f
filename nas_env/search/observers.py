"""The observers of a search: its pictures and its trackers."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from nas_env import drawing
from nas_env.errors import NASError
from nas_env.evaluation._usage import Usage
from nas_env.metrics import caption
from nas_env.problem import Problem
from nas_env.tracking import Picture, Trackers
from nas_env.training.recipe import ChildRecipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Record = Mapping[str, Any]

BEST = "search/best_architecture"  # the key of its picture


class Pictures:
    """Draws the best architecture whenever there is a better one.

    Args:
        folder: Folder of ``best.png`` and ``best.svg``.
        problem: Problem of the architectures.
        trackers: Trackers that also get each picture.
    """

    def __init__(self, folder: Path, problem: Problem, trackers: Trackers):
        self.path = folder / "best.png"
        self.problem, self.trackers = problem, trackers
        self._drawn: Record | None = None

    def child(self, number: int, record: Record, best: Record | None) -> None:
        """Draw this child if it is the best so far."""
        if best is None or best is self._drawn:
            return
        if best is not record and self.path.exists():
            return
        self._drawn = best
        if not draw_best(best, self.problem, self.path):
            return
        with self.trackers.or_without():
            if self.trackers:
                said = caption(self.problem.task.metric, best["reward"], best)
                self.trackers.picture(number, BEST, Picture.read(self.path, said))

    def update(self, number: int, log: Mapping[str, float]) -> None:
        """Draw nothing."""


class SmallerBatches:
    """Says that a batch does not fit the memory, once, when a child was trained in parts of it.

    Args:
        console: The console that gets the line.
        problem: Problem of the children.
    """

    def __init__(self, console: Console, problem: Problem):
        self.console, self.problem = console, problem
        self._said = False

    def child(self, number: int, record: Record, best: Record | None) -> None:
        """Say it if this child is the first one."""
        pieces = record.get("pieces", 1)  # an older history has none
        if pieces == 1 or self._said or record["status"] == "out_of_memory":
            return
        self._said = True
        self.console.print(cut_line(number, self.problem.recipe, pieces), soft_wrap=True)

    def update(self, number: int, log: Mapping[str, float]) -> None:
        """Say nothing."""


def cut_line(number: int, recipe: ChildRecipe, pieces: int) -> str:
    """Return what a person is told of a child whose batches did not fit the memory.

    Example:
        >>> from nas_env.training.image_recipe import ImageRecipe
        >>> print(cut_line(3, ImageRecipe(batch_size=64), 2))
        child 3: a batch of 64 does not fit the memory: trained in 2 parts of 32 (docs/training.md)
    """
    whole, part = recipe.batch_size, math.ceil(recipe.batch_size / pieces)
    most = "" if whole % pieces == 0 else "at most "
    return (
        f"child {number}: a batch of {whole} does not fit the memory: "
        f"trained in {pieces} parts of {most}{part} (docs/training.md)"
    )


class Tracking:
    """Hands each child and update to the trackers.

    Args:
        trackers: The trackers.
        usage: Gives how busy the evaluator has been.
    """

    def __init__(self, trackers: Trackers, usage: Callable[[], Usage]):
        self.trackers, self.usage = trackers, usage

    def child(self, number: int, record: Record, best: Record | None) -> None:
        """Pass on the child's figures, and those of the best so far where there is one."""
        figures = {name: record[name] for name in ("reward", "parameters", "flops", "seconds")}
        figures |= {**record["metrics"], "status": record["status"]}
        figures["utilisation"] = self.usage().utilisation
        if best is not None:
            figures |= {f"best_{name}": value for name, value in best["metrics"].items()}
            figures["best_reward"] = best["reward"]
        self.trackers.child(number, figures)

    def update(self, number: int, log: Mapping[str, float]) -> None:
        """Pass on the figures of an update."""
        self.trackers.update(number, log)


def draw_best(best: Record, problem: Problem, path: Path) -> bool:
    """Draw an episode's architecture into a PNG file, with an SVG beside it.

    Returns:
        Whether the files could be written; if not, a warning says so, and the search goes on.
    """
    space, task = problem.space, problem.task
    architecture = space.parse(best["architecture"])
    vertices = task.graph(space, architecture)
    note = caption(task.metric, best["reward"], best)
    return save_picture(drawing.draw_graph(vertices, "The best so far", [note]), path)


def save_picture(figure: Figure, path: Path) -> bool:
    """Save a figure as PNG and SVG; a full disk gets a warning, since no picture ends a search."""
    try:
        drawing.save_both(figure, path)
    except NASError as error:
        logging.getLogger(__name__).warning("%s; the search goes on without the picture", error)
        return False
    return True
