"""The pictures of a benchmark: curves over episodes and over compute, and improvements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nas_env.benchmark._paper import (
    LABEL,
    colours_of,
    dress,
    figure_of,
    fitted,
    label_ends,
    margin,
    title,
)
from nas_env.benchmark._statistics import ENOUGH, mean_interval
from nas_env.benchmark._study import EXACT, Study
from nas_env.benchmark._verdict import Comparison, against_control, by_rank
from nas_env.drawing._palette import INK, MUTED, PAPER, WIRE
from nas_env.drawing._type import FAMILY

STRONG = 5  # agents that are drawn in colour with their interval; the others are muted
GRID = 200  # times at which curves over compute are read
FIRST = 8  # the first episode that is shown: earlier ones are luck
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0  # seconds
Curve = tuple[np.ndarray, np.ndarray]  # x, and what is in hand: (points,), (seeds, points)


def over_budget(study: Study, mark: int) -> Figure:
    """Draw the incumbent after each episode: the mean over the seeds with its 95% interval."""
    x = np.arange(1, study.amount + 1)
    curves = {label: (x, runs.value) for label, runs in study.runs.items()}
    return _picture(study, mark, curves, _first(study), study.counted, exact=True)


def over_compute(study: Study, mark: int) -> Figure | None:
    """Draw the incumbent over simulated hours; None if nobody measured how long training took.

    An agent's curve ends where its cheapest search does, since later not all seeds have a value.
    """
    curves, begins = {}, []
    for label, runs in study.runs.items():
        if not (np.isfinite(runs.seconds).all() and (runs.seconds > 0).all()):
            return None
        begin, end = runs.seconds[:, 0].max(), runs.seconds[:, -1].min()
        if begin >= end:
            return None
        grid = np.linspace(begin, end, GRID)
        curves[label] = (grid, study.at_compute(label, grid))
        begins.append(np.median(runs.seconds[:, _first(study) - 1]))
    unit, name = unit_of(max(grid[-1] for grid, _ in curves.values()))
    scaled = {label: (grid / unit, values) for label, (grid, values) in curves.items()}
    what = f"simulated {name} of training (a repeated architecture costs nothing)"
    return _picture(study, mark, scaled, float(np.median(begins)) / unit, what, exact=False)


def improvements(study: Study, mark: int) -> Figure | None:
    """Draw the probability that a search beats one of random search, the best agent on top."""
    compared = against_control(study, mark)
    if not compared:
        return None
    ranked = sorted(compared, key=lambda label: compared[label].improvement.value)
    colours = _colours(study)
    left = max(1.75, margin(ranked, gap=8))
    size = (left + 5.1 + 0.35, 1.25 + 0.235 * len(ranked))
    figure, axes = figure_of(*size, (left, 0.5, 0.35, 0.55))
    beaten = fitted(study.control or "")
    dress(axes, f"probability that a search beats one of {beaten}", "", grid="x")
    axes.axvline(0.5, color=INK, lw=0.9, ls=(0, (4, 2)), zorder=1)
    for row, label in enumerate(ranked):
        _dot(axes, row, compared[label], colours[label])
    names: dict[str, Any] = {"fontsize": LABEL, "color": INK, "family": FAMILY}
    axes.set_yticks(range(len(ranked)), map(fitted, ranked), **names)
    axes.set_ylim(-0.7, len(ranked) - 0.3)
    axes.set_xlim(-0.02, 1.02)
    few = f", too narrow with fewer than {ENOUGH} seeds" if fewest_seeds(study) < ENOUGH else ""
    note = f"95% bootstrap intervals{few}; hollow: not significant after Holm's correction"
    title(axes, f"{name_of(study)}, after {mark} {study.counted}", note)
    return figure


def unit_of(seconds: float) -> tuple[float, str]:
    """Return the unit in which a time is best written: its length in seconds, and its name.

    Example:
        >>> unit_of(90.0)
        (1.0, 'seconds')
    """
    units = [(DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes"), (1.0, "seconds")]
    return next(pair for pair in units if seconds >= 3 * pair[0] or pair[0] == 1.0)


def name_of(study: Study) -> str:
    """An environment's id without its module."""
    return study.environment.rpartition(":")[2]


def seeds_of(study: Study) -> str:
    """Return the number of seeds as a text: ``20``, or ``5 to 20``."""
    counts = {len(runs.seeds) for runs in study.runs.values()}
    return str(max(counts)) if len(counts) == 1 else f"{min(counts)} to {max(counts)}"


def fewest_seeds(study: Study) -> int:
    """Return the number of seeds of the agent that has the fewest."""
    return min(len(runs.seeds) for runs in study.runs.values())


def _first(study: Study) -> int:
    """The first place of the budget that is shown."""
    return min(FIRST, max(1, study.amount // 4))


def _colours(study: Study) -> dict[str, str]:
    return colours_of({label: r.name for label, r in study.runs.items()}, study.control)


def _dot(axes: Axes, row: int, comparison: Comparison, colour: str) -> None:
    chance = comparison.improvement
    axes.plot([chance.low, chance.high], [row, row], color=colour, lw=1.6, alpha=0.55, zorder=2)
    face = colour if comparison.verdict else PAPER
    axes.plot(chance.value, row, "o", ms=6.5, mec=colour, mfc=face, mew=1.5, zorder=3)


def _picture(
    study: Study, mark: int, curves: Mapping[str, Curve], first: float, x_label: str, *, exact: bool
) -> Figure:
    """Draw curves from ``first`` on: the regret if the optimum is known, else the metric."""
    ranked, colours = by_rank(study, mark), _colours(study)
    strong = {*ranked[:STRONG], study.control}
    what = study.quantity if study.optimum is None else f"regret of the {study.quantity}"
    right = max(1.78, margin([*ranked, EXACT]))
    figure, axes = figure_of(0.72 + 4.7 + right, 4.6, (0.72, 0.5, right, 0.55))
    dress(axes, x_label, what)
    last = max(x[-1] for x, _ in curves.values())
    first = min(first, last / 2)
    ends, seen = [], []
    for place, label in enumerate(reversed(ranked)):
        matters = label in strong
        x, values = curves[label]
        style = {"color": colours[label] if matters else WIRE, "zorder": place + 20 * matters}
        if label == study.control:
            style["ls"] = (0, (5, 1.5))
        mean = _line(axes, x, _shown(study, values), matters, style)
        if not exact:  # the curves end at different places
            axes.plot(x[-1], mean[-1], "o", ms=4 if matters else 2.5, **style)
        ends.append((label, x[-1], mean[-1], style["color"] if matters else MUTED, matters))
        seen.append(mean[x >= first])
    if exact and study.exact is not None:
        x, line = np.arange(1, study.amount + 1), _shown(study, study.exact)
        axes.plot(x, line, color=INK, lw=1.1, ls=(0, (1, 1.5)), zorder=60)
        ends.append((EXACT, x[-1], line[-1], INK, False))
        seen.append(line[x >= first])
    _limit(axes, np.concatenate(seen), first, last, log=study.optimum is not None)
    shown = f"; the best {STRONG} in colour" if len(ranked) > STRONG + 1 else ""
    note = f"mean over {seeds_of(study)} seeds with its 95% interval{shown}"
    told = {"test": "searched by validation, test reported", "validation": "the best so far"}
    title(axes, f"{name_of(study)}: {told[study.reported]}", note)
    label_ends(axes, ends)
    return figure


def _shown(study: Study, values: np.ndarray) -> np.ndarray:
    return values if study.optimum is None else study.regret(values)


def _line(
    axes: Axes, x: np.ndarray, values: np.ndarray, matters: bool, style: Mapping[str, Any]
) -> np.ndarray:
    """Draw the mean over the seeds, with its interval if the agent matters; return the mean."""
    mean, low, high = np.array([mean_interval(column) for column in values.T]).T
    if matters:
        band = {"color": style["color"], "alpha": 0.09, "lw": 0}
        axes.fill_between(x, low, high, zorder=style["zorder"] - 15, **band)
    axes.plot(x, mean, lw=1.7 if matters else 0.9, alpha=1 if matters else 0.7, **style)
    return mean


def _limit(axes: Axes, seen: np.ndarray, first: float, last: float, *, log: bool) -> None:
    """Set limits that hold what is seen, with a little air; a regret has a logarithmic axis."""
    seen = seen[np.isfinite(seen)]
    axes.set_xlim(first, last)
    low, high = float(seen.min()), float(seen.max())
    if log and low > 0:
        axes.set_yscale("log")
        _plain_ticks(axes)
        axes.set_ylim(low / 1.12, high * 1.08)
    elif high > low:
        axes.set_ylim(low - 0.06 * (high - low), high + 0.06 * (high - low))


def _plain_ticks(axes: Axes) -> None:
    """Put ticks at 1, 1.5, 2, 3, 5, 7 and their tenfold, written as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
