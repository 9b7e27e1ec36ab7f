"""The page of one run: what each of its sections shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nas_env.errors import InvalidArchitecture, InvalidValue, NASError
from nas_env.metrics import Metric
from nas_env.report import _about, _charts, _final
from nas_env.report._choices import heat_map, shared
from nas_env.report._drawings import drawn
from nas_env.report._layers import Layer, layers
from nas_env.report._numbers import plain, shown
from nas_env.report._page import render
from nas_env.report._series import Record, Series, columns
from nas_env.report._telling import state, tiles, verdict
from nas_env.search.failures import failures
from nas_env.search.reading import RunView

TOP = 10  # networks with a drawing
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
    pictures = [drawn(view.graph(each.record), _title(each)) for each in best]
    options = [len(decision.options) for decision in view.space.decisions]
    charts = [
        _charts.over_children(agent, control),
        reward_chart(agent, control),
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
        others=others(view),
        layers=layers_of_best(view, best),
        charts={chart["id"]: chart for chart in charts if chart},
        effects=shared(view, agent, control),
        policy=heat_map(view, agent),
        failures=failures(agent.records),
        references=(view.summary or {}).get("references") or {},
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
            "front": sorted(
                {place for chart in charts if chart for place in chart.get("front", ())}
            ),
            "top": {each.place: place for place, each in enumerate(best)},
        },
    )


def reward_chart(agent: Series, control: Series | None) -> _charts.Chart | None:
    """Return the rewards over children; None where they order networks as the metric does."""
    rewards = agent.of_reward()
    order = np.argsort(agent.values if agent.metric.maximise else -agent.values, kind="stable")
    rising = rewards.values[order][np.isfinite(rewards.values[order])]
    if (np.diff(rising) >= 0).all():
        return None
    beside = None if control is None else control.of_reward()
    return _charts.over_children(rewards, beside, "reward-over-children")


def top(series: Series) -> list[Ranked]:
    """Return the best different networks by reward, the best first."""
    counts = Counter(series.names)
    good = [place for place in series.different if series.records[place]["status"] == "ok"]
    good.sort(key=lambda place: -series.records[place]["reward"])
    return [Ranked(p, series.records[p], counts[series.names[p]]) for p in good[:TOP]]


def _title(ranked: Ranked) -> str:
    return f"Architecture of child {ranked.place + 1}:"


def others(view: RunView) -> list[tuple[str, str]]:
    """Return the further figures of the best network: other metrics, and what a table knows."""
    found = dict(view.best["metrics"]) if view.best else {}
    found |= ((view.summary or {}).get("best") or {}) if found else {}
    shown_already = {view.metric.name, "interval", *(view.best or {}), "child"}
    told = {name: value for name, value in found.items() if name not in shown_already}
    metrics = {name: Metric(name) for name in told}
    return [
        (each.title, shown(each, told[name]) if each.is_share else plain(told[name]))
        for name, each in metrics.items()
    ]


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
