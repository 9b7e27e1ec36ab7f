"""Tells how a run was made: settings, versions, data, and the command that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nas_env.errors import InvalidValue
from nas_env.files import read_json
from nas_env.report._numbers import duration, plain
from nas_env.run.store import censored
from nas_env.search.reading import RunView
from nas_env.search.summary import PARTS

DATA = "data.json"


def settings(view: RunView) -> list[tuple[str, str]]:
    """Return each setting of a run with its value, in the order of its configuration."""
    return list(_flat(view.config))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield names and values, as ``("agent.seed", "1")``.

    Example:
        >>> list(_flat({"make": {"task": {"name": "digits"}, "recipe": {}}}))
        [('make.task.name', 'digits'), ('make.recipe', 'none')]
    """
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{name}.")
        else:
            text = "none" if isinstance(value, Mapping) else censored(plain(value))
            yield f"{before}{name}", text


def command(view: RunView) -> str:
    """Return the command that plays the same search in another folder."""
    config = shlex.quote(str(view.folder / "config.json"))
    return f"nas-train --config {config} --run {shlex.quote(f'{view.folder}-again')}"


def facts_of_data(view: RunView) -> list[tuple[str, str]]:
    """Return what the run keeps of its data, as the names of its classes; nothing for most."""
    path: Path = view.folder / DATA
    if not path.is_file():
        return []
    try:
        return list(_flat(read_json(path, {})))
    except InvalidValue:
        return []


def time_spent(view: RunView) -> dict[str, Any] | None:
    """Return where the children's time went, and how busy the workers were; None if not known."""
    spent: dict[str, float] = {}
    known = {record["canonical"]: record.get("parts") or {} for record in view.episodes}
    for parts in known.values():
        for name, seconds in parts.items():
            spent[name] = spent.get(name, 0.0) + seconds
    total = sum(spent.values())
    if not total:
        return None
    summary = view.summary or {}
    ordered = [name for name in PARTS if name in spent]
    return {
        "parts": [
            {"name": PARTS[name], "share": spent[name] / total, "text": duration(spent[name])}
            for name in ordered
        ],
        "total": duration(total),
        "wall": duration(summary.get("seconds")) if summary else None,
        "a_child": duration(total / max(len(known), 1)),
        "rate": summary.get("children_per_hour"),
        "utilisation": summary.get("utilisation"),
        "others": [*_others(summary)],
    }


def _others(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what only some searches have: how late children came, and a simulated clock."""
    if late := summary.get("staleness"):
        yield (
            "updates until a child arrived",
            f"{late['mean']:g} in the mean, {late['most']} at most",
        )
    if simulated := summary.get("simulated"):
        yield "time on the simulated cluster", duration(simulated["seconds"])
        yield "children an hour there", plain(simulated["children_per_hour"])
        yield "failures of its nodes", plain(simulated["node_failures"])
