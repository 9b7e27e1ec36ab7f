"""The page of one run: what each of its sections shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from nas_env.errors import InvalidArchitecture, InvalidValue, NASError
from nas_env.report import _about, _charts, _final
from nas_env.report._chance import best_by_chance
from nas_env.report._drawings import drawn
from nas_env.report._effects import Effect, effects
from nas_env.report._layers import Layer, layers
from nas_env.report._numbers import duration, shown
from nas_env.report._page import render
from nas_env.report._policy import policy
from nas_env.report._series import Record, Series, columns, worded
from nas_env.search.failures import failures
from nas_env.search.reading import RunView

TOP = 10  # networks with a drawing
MOST_EFFECTS = 30  # that are shown at once
CONTROL = "random search"


class Ranked(NamedTuple):
    """One of the best networks.

    Attributes:
        place: Place of its first child in the search, from 0.
        record: Record of that child.
        times: How often it was played.
    """

    place: int
    record: Record
    times: int


def run_page(view: RunView) -> str:
    """Return the page of a run, one file of HTML that needs nothing else.

    Raises:
        NASError: If the store cannot be read, or if the space or the task is not there any more.
    """
    agent = Series(view.agent, view.episodes, view.metric)
    beside = Series(CONTROL, view.control, view.metric, first=len(agent))
    control = beside if len(beside) else None
    best = top(agent)
    pictures = [drawn(view.space, each.record["architecture"], _title(each)) for each in best]
    options = [len(decision.options) for decision in view.space.decisions]
    charts = [
        _charts.over_children(agent, control),
        _charts.over_seconds(agent, control),
        _charts.against("parameters", agent, control),
        _charts.against("flops", agent, control),
        _charts.entropy(agent, control, options),
    ]
    return render(
        "run.html",
        view=view,
        metric=view.metric,
        state=state(view),
        verdict=verdict(agent, control),
        tiles=tiles(view, agent, control),
        top=[*zip(best, pictures, strict=True)],
        layers=layers_of_best(view, best),
        charts={chart["id"]: chart for chart in charts if chart},
        effects=shared(view, agent, control),
        policy=heat_map(view, agent),
        failures=failures(agent.records),
        time=_about.time_spent(view),
        final=_final.final_training(view.folder),
        rank=_final.order_held(view.folder),
        card=_final.model_card(view.folder),
        settings=_about.settings(view),
        data_facts=_about.facts_of_data(view),
        command=_about.command(view),
        data={
            "metric": {"title": view.metric.title, "share": view.metric.is_share},
            "children": columns([agent, beside], view.space),
            "charts": [chart for chart in charts if chart],
            "top": {each.place: place for place, each in enumerate(best)},
        },
    )


def top(series: Series) -> list[Ranked]:
    """Return the best different networks by reward, the best first."""
    counts = Counter(series.names)
    good = [place for place in series.different if series.records[place]["status"] == "ok"]
    good.sort(key=lambda place: -series.records[place]["reward"])
    return [Ranked(p, series.records[p], counts[series.names[p]]) for p in good[:TOP]]


def _title(ranked: Ranked) -> str:
    return f"Architecture of child {ranked.place + 1}:"


def state(view: RunView) -> str:
    """Return in words whether the search is finished."""
    if view.finished:
        return "finished"
    played = f"{len(view.episodes):,} of {view.config['children']:,} children"
    return f"{played}; {f'played by {view.holder}' if view.holder else 'not finished'}"


def verdict(agent: Series, control: Series | None) -> str:
    """Return in a sentence how the search did beside random search."""
    if not len(agent) or np.isnan(agent.best[-1]):
        return "No child has succeeded."
    metric, best = agent.metric, float(agent.best[-1])
    told = f"The best {metric.title} of {agent.label} is {shown(metric, best)}"
    if control is None:
        return f"{told}. Whether it is better than chance is not known: there is no random control."
    chance = best_by_chance(control.values, np.array([len(agent)]), metric.maximise)
    worse, better = float(chance.worse[0]), float(chance.better[0])
    if np.isnan(worse + better):
        return f"{told}; too few children of the random control succeeded to compare."
    sign = 1 if metric.maximise else -1
    place = "within"
    if sign * best > sign * better:
        place = "better than"
    elif sign * best < sign * worse:
        place = "worse than"
    low, high = (shown(metric, value) for value in sorted((worse, better)))
    return (
        f"{told}, {place} the 95% interval of the best of {len(agent):,} random networks, "
        f"{low} to {high}."
    )


def tiles(view: RunView, agent: Series, control: Series | None) -> list[tuple[str, str, str]]:
    """Return the figures at the top of the page: name, value, and a note."""
    summary: Mapping[str, Any] = view.summary or {}
    best, failed = view.best, sum(record["status"] != "ok" for record in agent.records)
    found = []
    if best is not None:
        value = best["metrics"].get(view.metric.name)
        interval = (summary.get("best") or {}).get("interval")
        ends = " to ".join(shown(view.metric, end) for end in interval or ())
        found.append(
            (f"best {view.metric.title}", shown(view.metric, value), ends and f"95%: {ends}")
        )
    if control is not None and np.isfinite(control.best[-1]):
        value = shown(view.metric, float(control.best[-1]))
        found.append((f"best of {CONTROL}", value, f"{len(control):,} children"))
    if best is not None and best.get("parameters"):
        found.append(("parameters of the best", f"{best['parameters']:,}", ""))
    different = f"{len(agent.different):,} different networks"
    found.append(("children", f"{len(agent):,}", different))
    found.append(("failed", f"{failed:,}", f"{failed / max(len(agent), 1):.0%} of the children"))
    if summary:
        rate = summary.get("children_per_hour")
        found.append(("time", duration(summary["seconds"]), f"{rate or 0:,.0f} children an hour"))
    return found


def layers_of_best(view: RunView, best: Sequence[Ranked]) -> list[Layer]:
    """Return the layers of the best network; none where nothing can be built."""
    if not best or not view.task.trains or not view.space.buildable:
        return []
    try:
        task: Any = view.task
        architecture = view.space.parse(best[0].record["architecture"])
        return layers(view.space, architecture.canonical(), task.input_shape, task.outputs)
    except (NASError, InvalidValue, InvalidArchitecture):  # its data is elsewhere
        return []


def shared(view: RunView, agent: Series, control: Series | None) -> dict[str, Any]:
    """Return the effect of each option, the strongest first, with its place on the page's scale."""
    source = agent
    if control is not None and np.isfinite(control.values[control.different]).sum() >= len(
        view.space.decisions
    ):
        source = control
    kept = source.different
    found = effects([source.tokens[place] for place in kept], source.values[kept])
    sign = 1 if view.metric.maximise else -1
    widest = max((max(abs(e.low), abs(e.high)) for e in found), default=0) or 1.0
    found.sort(key=lambda each: -abs(each.effect))
    rows = [_effect_row(view, each, sign, widest) for each in found]
    return {"rows": rows, "source": source.label, "networks": len(kept), "at_once": MOST_EFFECTS}


def _effect_row(view: RunView, each: Effect, sign: int, widest: float) -> dict[str, Any]:
    decision = view.space.decisions[each.decision]
    low, high = sorted((sign * each.low, sign * each.high))
    return {
        "decision": decision.name,
        "option": worded(decision.options[each.option]),
        "networks": each.networks,
        "gain": sign * each.effect,
        "clear": each.is_clear,
        "low": low,
        "high": high,
        "at": 50 + 50 * sign * each.effect / widest,
        "from": 50 + 50 * low / widest,
        "width": 50 * (high - low) / widest,
    }


def heat_map(view: RunView, agent: Series) -> dict[str, Any]:
    """Return the share of each option in each window, in percent."""
    decisions = view.space.decisions
    found = policy(agent.tokens, [len(decision.options) for decision in decisions])
    rows = []
    for number, decision in enumerate(decisions):
        for place, option in enumerate(decision.options):
            shares = found.shares[number, place]
            cells = [None if np.isnan(share) else round(100 * float(share)) for share in shares]
            rows.append(
                {
                    "decision": decision.name if place == 0 else "",
                    "options": len(decision.options),
                    "name": decision.name,
                    "option": worded(option),
                    "cells": cells,
                    "first": next((cell for cell in cells if cell is not None), None),
                    "last": cells[-1] if cells else None,
                }
            )
    return {"rows": rows, "ends": found.ends.tolist()}
