"""Tables of the choices: those of the agent over time, and the effect of each option."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_env.report._effects import Effect, effects
from nas_env.report._policy import policy
from nas_env.report._series import Series, worded
from nas_env.search.reading import RunView

MOST_EFFECTS = 30  # that are shown at once
ROOM = 1.6  # the scale of effects has so much room beside the strongest


def shared(view: RunView, agent: Series, control: Series | None) -> dict[str, Any]:
    """Return the effect of each option, the strongest first, with its place on the page's scale.

    Of a decision between two options it is that of the second; that of the first is its opposite.
    """
    source, up = agent, view.metric.maximise
    if control is not None:
        good = int(np.isfinite(control.values[control.different]).sum())
        source = control if good >= len(view.space.decisions) else agent
    kept = source.different
    found = effects([source.tokens[place] for place in kept], source.values[kept], up)
    options = [len(decision.options) for decision in view.space.decisions]
    found = [each for each in found if options[each.decision] != 2 or each.option == 1]
    found.sort(key=lambda each: -abs(each.effect))
    sign = 1 if up else -1
    widest = ROOM * abs(found[0].effect) if found and found[0].effect else 1.0
    rows = [_effect_row(view, each, sign, widest) for each in found]
    return {"rows": rows, "source": source.label, "networks": len(kept), "at_once": MOST_EFFECTS}


def _effect_row(view: RunView, each: Effect, sign: int, widest: float) -> dict[str, Any]:
    decision = view.space.decisions[each.decision]
    low, high = sorted((sign * each.low, sign * each.high))
    return {
        "decision": decision.name,
        "option": worded(decision.options[each.option]),
        "networks": each.networks,
        "share": each.share,
        "best_share": each.best_share,
        "gain": sign * each.effect,
        "clear": each.is_clear,
        "low": low,
        "high": high,
        "at": _percent(sign * each.effect / widest),
        "from": _percent(low / widest),
        "width": _percent(high / widest) - _percent(low / widest),
    }


def _percent(place: float) -> float:
    """Return where a place from -1 to 1 is on a scale from 0 to 100; others are at its ends."""
    return 50 + 50 * min(max(place, -1.0), 1.0)


def heat_map(view: RunView, agent: Series) -> dict[str, Any]:
    """Return the share of each option in each window, in percent.

    Of a decision between two options it is that of the second.
    """
    decisions = view.space.decisions
    found = policy(agent.tokens, [len(decision.options) for decision in decisions])
    rows = []
    for number, decision in enumerate(decisions):
        first = 1 if len(decision.options) == 2 else 0
        for place, option in enumerate(decision.options[first:], start=first):
            shares = found.shares[number, place]
            cells = [None if np.isnan(share) else round(100 * float(share)) for share in shares]
            rows.append(
                {
                    "decision": decision.name if place == first else "",
                    "options": len(decision.options) - first,
                    "name": decision.name,
                    "option": worded(option),
                    "cells": cells,
                    "first": next((cell for cell in cells if cell is not None), None),
                    "last": cells[-1] if cells else None,
                }
            )
    return {"rows": rows, "ends": found.ends.tolist()}
