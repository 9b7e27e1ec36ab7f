"""The forms of the JSON files of a run, as :func:`~nas_env.files.check_form` checks them."""

from __future__ import annotations

from typing import Any

NULL = type(None)
NUMBER = (float, int)
SPEC = {"name": str}
#: What a run's configuration has.
CONFIG: dict[str, Any] = {
    "id": str,
    "env": str,
    "agent": SPEC,
    "children": int,
    "seed": int,
    "make": {
        "task": SPEC,
        "objective": SPEC,
        "space": SPEC,
        "recipe": dict,
        "device": str,
        "evaluation_seed": int,
        "evaluator": SPEC,
    },
    "depth": {"first": int, "step": int, "every": int},
    "control": (str, NULL),
    "track": [str],
    "references": bool,
    "order": str,
    "stop_after_failures": int,
    "store": (str, NULL),
}
#: What the summary of a search has, that of its control too.
FIGURES: dict[str, Any] = {
    "children": int,
    "distinct": int,
    "failed": dict,
    "failures": list,
    "best": (dict, NULL),
    "mean_reward": (*NUMBER, NULL),
    "mean_reward_last_quarter": (*NUMBER, NULL),
    "seconds": NUMBER,
    "children_per_hour": (*NUMBER, NULL),
}
#: What the summary of a run has.
SUMMARY: dict[str, Any] = {
    "env": str,
    "agent": str,
    "seed": int,
    **FIGURES,
    "random_search": (FIGURES, NULL),
    "references": dict,
}
