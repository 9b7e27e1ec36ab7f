"""The pictures of docs/scale.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from benchmarks._scale import WINDOW, Played
from nas_env.benchmark._paper import COLOURS, dress, figure_of, label_ends, margin, title
from nas_env.drawing import save
from nas_env.drawing._palette import MUTED

PICTURES = Path(__file__).parent.parent / "docs" / "scale"
GRID = 200  # points of a curve
BIN = 5  # updates
MANY = "10,000 workers, m 100, corrected, 60,000 children"

Line = tuple[str, np.ndarray, np.ndarray]  # name, x, y
Plays = Mapping[str, Sequence[Played]]


def draw(played: Plays, figures: Mapping[str, Any], folder: Path) -> None:
    """Draw all pictures.

    Args:
        played: The searches of each arm, by its name.
        figures: What is told of them.
        folder: Folder of the pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save(busy(figures["clusters"]), folder / "busy.png")
    save(samples(played), folder / "samples.png")
    save(hours(played), folder / "hours.png")
    save(staleness(played), folder / "staleness.png")


def busy(clusters: Mapping[str, Any]) -> Any:
    """Draw the utilisation against the workers, in both orders."""
    rows: dict[str, dict[int, float]] = {"as they finish": {}, "all awaited": {1: 1.0}}
    finished = {1: "K 1, m 1", 8: "K 8, m 1", 100: "K 100, m 1", 800: "K 100, m 8", 10_000: MANY}
    for workers, arm in finished.items():
        rows["as they finish"][workers] = clusters[arm]["utilisation"]
    for workers in (8, 100, 800, 10_000):
        rows["all awaited"][workers] = clusters[f"in order, {workers} workers"]["utilisation"]
    lines = [
        (name, np.array([*found]), np.array([*found.values()])) for name, found in rows.items()
    ]
    text = "Busy workers", "share of the workers' time in which they hold a child"
    return picture(lines, ("workers", "utilisation"), text, log=True, dots=True, low=0.0)


def samples(played: Plays) -> Any:
    """Draw the mean reward against the children, of replicas with eight children each."""
    names = {
        "K 1, m 8": "1 replica of 8",
        "K 8, m 8": "8 replicas",
        "K 100, m 8": "100 replicas",
        "K 100, m 8, corrected": "100, corrected",
        "in order, 8 workers": "1 replica, in order",
    }
    lines = []
    for arm, name in names.items():
        means = np.mean([each.running[1] for each in played[arm]], axis=0)
        at = np.linspace(0, len(means) - 1, GRID).astype(int)
        lines.append((name, at + WINDOW, means[at]))
    text = "Reward against children", f"mean of {WINDOW} children in a row, mean over the seeds"
    return picture(lines, ("children that have arrived", "reward"), text)


def hours(played: Plays) -> Any:
    """Draw the mean reward against simulated hours, for clusters of several sizes."""
    names = {
        "K 1, m 1": "1 worker",
        "K 1, m 8": "8 workers, m 8",
        "K 100, m 1": "100 workers, m 1",
        "K 100, m 8": "800 workers, m 8",
        "K 100, m 8, corrected": "800, m 8, corrected",
        "K 8, m 100": "800 workers, m 100",
        MANY: "10,000, m 100, corrected",
    }
    lines = []
    for arm, name in names.items():
        curves = [each.running for each in played[arm]]
        begin, end = max(t[0] for t, _ in curves), min(t[-1] for t, _ in curves)
        x = np.geomspace(begin, max(begin, end), GRID)
        y = np.mean([np.interp(x, times, means) for times, means in curves], axis=0)
        lines.append((name, x, y))
    text = "Reward against time", f"mean of {WINDOW} children in a row; an hour a child on average"
    return picture(lines, ("simulated hours", "reward"), text, log=True)


def staleness(played: Plays) -> Any:
    """Draw how many updates late children arrive, of replicas with eight children each."""
    lines = []
    for arm, name in {"K 8, m 8": "8 replicas", "K 100, m 8": "100 replicas"}.items():
        late = np.concatenate([each.late for each in played[arm]])
        edges = np.arange(0, np.quantile(late, 0.995) + 2 * BIN, BIN)
        counts, _ = np.histogram(late, edges)
        lines.append((name, edges[:-1] + BIN / 2, counts / len(late)))
    text = "Staleness", "updates between a child's proposal and its arrival; eight children each"
    labels = "updates", f"share of the children, a bin of {BIN} updates"
    return picture(lines, labels, text, low=0.0)


def picture(
    lines: Sequence[Line],
    labels: tuple[str, str],
    text: tuple[str, str],
    *,
    log: bool = False,
    dots: bool = False,
    low: float | None = None,
) -> Any:
    """Draw lines with their names at their ends.

    Args:
        lines: Name, x and y of each.
        labels: Labels of the axes.
        text: Title, and a line of small print.
        log: Whether x is logarithmic.
        dots: Whether points are marked.
        low: Lower end of y; by default that of the lines.
    """
    right = max(1.5, margin([name for name, _, _ in lines]))
    figure, axes = figure_of(0.72 + 4.7 + right, 3.9, (0.72, 0.5, right, 0.55))
    dress(axes, *labels)
    if log:
        axes.set_xscale("log")
    _limit(axes, lines, low)
    ends = []
    for (name, x, y), colour in zip(lines, COLOURS, strict=False):
        axes.plot(x, y, "o-" if dots else "-", color=colour, lw=1.7, ms=4)
        ends.append((name, x[-1], y[-1], colour, True))
    title(axes, *text)
    label_ends(axes, ends)
    axes.tick_params(which="minor", color=MUTED)
    return figure


def _limit(axes: Axes, lines: Sequence[Line], low: float | None) -> None:
    """Set limits that hold the lines, with a little air."""
    xs, ys = (np.concatenate([line[place] for line in lines]) for place in (1, 2))
    air = 0.06 * (ys.max() - ys.min())
    axes.set_xlim(xs.min(), xs.max())
    axes.set_ylim(ys.min() - air if low is None else low, ys.max() + air)
