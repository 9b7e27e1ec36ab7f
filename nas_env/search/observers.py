"""The observers of a search: its pictures and its trackers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nas_env import drawing
from nas_env.metrics import caption
from nas_env.problem import Problem
from nas_env.tracking import Trackers

Record = Mapping[str, Any]


class Pictures:
    """Draws the best architecture whenever there is a better one.

    Args:
        folder: Folder of ``best.png``.
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
        draw_best(best, self.problem, self.path)
        self.trackers.picture(
            number, self.path, caption(self.problem.task.metric, best["reward"], best)
        )

    def update(self, number: int, log: Mapping[str, float]) -> None:
        """Draw nothing."""


class Tracking:
    """Hands each child and update to the trackers."""

    def __init__(self, trackers: Trackers):
        self.trackers = trackers

    def child(self, number: int, record: Record, best: Record | None) -> None:
        """Pass on the child's figures, and those of the best so far where there is one."""
        figures = {name: record[name] for name in ("reward", "parameters", "flops", "seconds")}
        figures |= {**record["metrics"], "status": record["status"]}
        if best is not None:
            figures |= {f"best_{name}": value for name, value in best["metrics"].items()}
            figures["best_reward"] = best["reward"]
        self.trackers.child(number, figures)

    def update(self, number: int, log: Mapping[str, float]) -> None:
        """Pass on the figures of an update."""
        self.trackers.update(number, log)


def draw_best(best: Record, problem: Problem, path: Path) -> None:
    """Draw an episode's architecture into a file."""
    vertices = problem.space.graph(problem.space.parse(best["architecture"]))
    note = caption(problem.task.metric, best["reward"], best)
    drawing.save(drawing.draw_graph(vertices, "The best so far", [note]), path)
