"""The page that compares several runs: their curves, their figures, and how they differ."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from nas_env.final.intervals import seeds_interval
from nas_env.report import _about
from nas_env.report import _lines as lines
from nas_env.report._charts import CHILDREN, Chart, best_so_far, chart, time, y_of
from nas_env.report._drawings import Drawn, drawn
from nas_env.report._numbers import duration, shown, unit
from nas_env.report._page import render
from nas_env.report._series import Series
from nas_env.search.reading import RunView

COLOURS = 8  # of the style
FEWEST = 3  # runs of an agent, for a mean


class Compared(NamedTuple):
    """A run of a comparison.

    Attributes:
        view: The run.
        series: The children of the run.
        colour: Name of the colour of its agent.
    """

    view: RunView
    series: Series
    colour: str


def compare_page(views: Sequence[RunView], folder: Path) -> str:
    """Return the page that compares runs; those of one environment share a section.

    Args:
        views: The runs.
        folder: Folder of the page, from where it links to the runs' own pages.

    Raises:
        NASError: If a store cannot be read, or if a space or a task is not there any more.
    """
    environments = list(dict.fromkeys(view.env for view in views))
    sections, charts = [], []
    for number, env in enumerate(environments):
        runs = _compared([view for view in views if view.env == env])
        found = [_over_children(runs, number), _over_seconds(runs, number)]
        charts += [each for each in found if each]
        sections.append(
            {
                "env": env,
                "number": number,
                "metric": runs[0].view.metric,
                "rows": [_row(run, folder) for run in runs],
                "agents": _agents(runs),
                "differences": _differences(runs),
                "pictures": _pictures(runs),
            }
        )
    return render(
        "compare.html",
        sections=sections,
        charts={each["id"]: each for each in charts},
        runs=len(views),
        data={"charts": charts},
    )


def _compared(views: Sequence[RunView]) -> list[Compared]:
    names = _labels(views)
    agents = list(dict.fromkeys(view.agent for view in views))
    by_agent = len(agents) > 1 or len(views) >= FEWEST
    found = []
    for place, (view, name) in enumerate(zip(views, names, strict=True)):
        number = agents.index(view.agent) if by_agent else place
        colour = f"p{number % COLOURS + 1}"
        found.append(Compared(view, Series(name, view.episodes, view.metric), colour))
    return found


def _labels(views: Sequence[RunView]) -> list[str]:
    """Return the names of the runs; where two are equal, with the folder above."""
    names = [view.name for view in views]
    return [
        f"{view.folder.resolve().parent.name}/{name}" if names.count(name) > 1 else name
        for view, name in zip(views, names, strict=True)
    ]


def _over_children(runs: Sequence[Compared], number: int) -> Chart:
    """Return the chart over children; agents with several runs have their mean in it too."""
    places = [np.arange(1.0, len(run.series) + 1) for run in runs]
    found = _curves(runs, places, f"children-{number}", CHILDREN, "the number of children")
    low = found["y"].get("edge")
    for agent in dict.fromkeys(run.view.agent for run in runs):
        own = [run for run in runs if run.view.agent == agent]
        if len(own) >= FEWEST:
            mean = lines.mean_of([run.series for run in own], own[0].colour, agent, low)
            found["series"] = [*mean, *found["series"]]
    if len(found["series"]) > len(runs):
        found["series"] = [{**line, "thin": line["kind"] == "steps"} for line in found["series"]]
    return found


def _over_seconds(runs: Sequence[Compared], number: int) -> Chart | None:
    timed = [run for run in runs if run.series.times is not None and run.series.times[-1]]
    if not timed:
        return None
    times = [np.asarray(run.series.times) for run in timed]
    size, name = unit(max(float(each[-1]) for each in times))
    places = [each / size for each in times]
    return _curves(timed, places, f"seconds-{number}", time(name), f"{name} of training")


def _curves(
    runs: Sequence[Compared],
    places: Sequence[np.ndarray],
    name: str,
    x: Mapping[str, Any],
    against: str,
) -> Chart:
    """Return the chart of the best so far of each run."""
    every = [run.series for run in runs]
    low = lines.first_edge(every)
    series = [
        lines.steps(run.series, at, run.colour, low, "")
        for run, at in zip(runs, places, strict=True)
    ]
    return chart(name, x, y_of(every[0], low), series, best_so_far(every, against))


def _row(run: Compared, folder: Path) -> dict[str, Any]:
    """Return the figures of a run."""
    view, series = run.view, run.series
    summary, best, control = view.summary or {}, view.best, view.control
    page = view.folder / "report.html"
    found = (summary.get("best") or {}).get("interval")
    beside = Series("", control, view.metric).best[-1] if len(control) else np.nan
    return {
        "name": series.label,
        "page": os.path.relpath(page, folder) if page.is_file() else None,
        "agent": view.agent,
        "seed": view.config["seed"],
        "state": "finished" if view.finished else "running" if view.holder else "not finished",
        "children": len(series),
        "different": len(series.different),
        "failed": sum(record["status"] != "ok" for record in series.records),
        "best": float(series.best[-1]) if len(series) else None,
        "interval": " to ".join(shown(view.metric, end) for end in found or ()),
        "control": float(beside),
        "parameters": best["parameters"] if best else None,
        "seconds": summary.get("seconds"),
        "time": duration(summary.get("seconds")),
    }


def _agents(runs: Sequence[Compared]) -> list[dict[str, Any]]:
    """Return the mean of each agent's runs, after as many children as all runs have."""
    children = min(len(run.series) for run in runs)
    if not children or len({run.view.agent for run in runs}) == len(runs):
        return []
    found = []
    for agent in dict.fromkeys(run.view.agent for run in runs):
        values = [float(r.series.best[children - 1]) for r in runs if r.view.agent == agent]
        good, metric = [value for value in values if np.isfinite(value)], runs[0].view.metric
        interval = seeds_interval(good, metric.is_share)
        found.append(
            {
                "agent": agent,
                "runs": len(values),
                "children": children,
                "mean": shown(metric, fmean(good)) if good else "–",
                "interval": " to ".join(shown(metric, end) for end in interval or ()) or "–",
            }
        )
    return found


def _differences(runs: Sequence[Compared]) -> dict[str, Any]:
    """Return the settings that are not the same in all runs."""
    every = [dict(_about.settings(run.view)) for run in runs]
    names = list(dict.fromkeys(name for each in every for name in each if name != "id"))
    rows = [(name, [each.get(name, "–") for each in every]) for name in names]
    return {
        "runs": [run.series.label for run in runs],
        "rows": [(name, values) for name, values in rows if len(set(values)) > 1],
    }


def _pictures(runs: Sequence[Compared]) -> list[tuple[str, Drawn, str]]:
    """Return the best network of each run: its name, its drawing, and its metric."""
    found = []
    for run in runs:
        if (best := run.view.best) is not None:
            picture = drawn(run.view.graph(best), f"Best of {run.series.label}:")
            value = shown(run.view.metric, best["metrics"].get(run.view.metric.name))
            found.append((run.series.label, picture, value))
    return found
