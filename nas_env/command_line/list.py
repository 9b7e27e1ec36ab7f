"""The installed command ``nas-list``: all runs below a folder, a line each.

nas-list runs
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from nas_env.command_line._frame import state_of
from nas_env.command_line._help import readable
from nas_env.command_line._options import main_of, read_options
from nas_env.command_line._words import first_as
from nas_env.errors import InvalidValue, NASError
from nas_env.search._moments import duration
from nas_env.search.display import short
from nas_env.search.reading import RunView, read_run, runs_below

PROGRAM = "nas-list"
ABOUT = "List the runs below a folder, the oldest first. Nothing of them is written."
RUNS = Path("runs")


@dataclass(frozen=True)
class Options:
    """List the runs below a folder.

    Attributes:
        folder: The folder; its name may also stand alone, as the first word.
        json: Print them as JSON.
    """

    folder: Path = RUNS
    json: bool = False


def _read(words: Sequence[str]) -> Options:
    """Return what a command line asks for."""
    found = read_options(Options(), first_as("--folder", words), PROGRAM, ABOUT)
    return Options(found.folder, found.json)


def _list(options: Options) -> None:
    """Print the runs."""
    found = [_row(folder) for folder in runs_below(options.folder)]
    with readable():
        if options.json:
            print(json.dumps(found, indent=2))
        elif found:
            _print(found)
        else:
            print(f"{options.folder} has no runs")


def _row(folder: Path) -> dict[str, Any]:
    """Return what is told of a run; of one that cannot be read, why."""
    begun = (folder / "config.json").stat().st_mtime
    row: dict[str, Any] = {
        "run": str(folder), "env": None, "agent": None, "children": None, "budget": None,
        "best": None, "state": "unreadable", "begun": round(begun, 1), "error": None,
    }  # fmt: skip
    try:
        view = read_run(folder)
        row |= {"env": view.config["env"], "agent": view.agent, "budget": view.config["children"]}
        return row | {"state": state_of(view), **_figures(view)}
    except (InvalidValue, NASError) as error:
        return row | {"error": str(error)}


def _figures(view: RunView) -> dict[str, Any]:
    """Return the children that a run has played, and its best reward."""
    if view.summary is not None:  # which is read faster than the store
        best, children = view.summary["best"], view.summary["children"]
    else:
        best, children = view.best, len(view.episodes)
    return {"children": children, "best": None if best is None else best["reward"]}


def _print(rows: Sequence[dict[str, Any]]) -> None:
    """Print a table; where the output is no terminal, without any limit of its width."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = 10_000
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    for name in ("run", "env", "agent", "children", "best", "state", "age"):
        right = name in ("children", "best", "age")
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for row in rows:
        if row["error"] is not None:
            table.add_row(row["run"], row["env"] or "?", row["agent"] or "?", "", "", row["state"])
            continue
        children = f"{row['children']:,}/{row['budget']:,}"
        best = "" if row["best"] is None else short(row["best"])
        age = duration(max(0.0, time.time() - row["begun"]))
        told = row["run"], row["env"], row["agent"], children, best, row["state"], age
        table.add_row(*told)
    console.print(table)


main = main_of(PROGRAM, _read, _list, stopped="")

if __name__ == "__main__":
    sys.exit(main())
