"""Validates submissions, and lists them as a leaderboard.

nas-benchmark table ppo.json evolution.json
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from nas_env.benchmark._page import plus_minus, table
from nas_env.benchmark._replay import validated
from nas_env.benchmark._statistics import mean_interval
from nas_env.benchmark._submission import Submission
from nas_env.benchmark._verdict import code
from nas_env.command_line.flat_options import POSITIONAL
from nas_env.command_line.program import command


@dataclass(frozen=True)
class Options:
    """Validate submissions, and list them as a leaderboard in Markdown.

    Attributes:
        files: Files of the submissions.
        trust: Modules that are imported if an environment is one of theirs: ``my_bench`` for
            ``my_bench:MyBench-v0``.
    """

    files: Annotated[tuple[Path, ...], POSITIONAL]
    trust: tuple[str, ...] = ()


def list_submissions(options: Options) -> int:
    """Print the leaderboard: a table for each environment and budget, the best mean first."""
    boards: dict[str, list[tuple[float, list[str]]]] = {}
    for path in options.files:
        submission, figures = validated(path, options.trust)
        board = f"{submission.environment}, {' '.join(map(str, submission.budget.values()))}"
        if submission.make:
            board += f", {json.dumps(submission.make)}"
        boards.setdefault(board, []).append(_row(submission, figures["runs"]))
    for name, rows in sorted(boards.items()):
        ordered = [row for _, row in sorted(rows, key=lambda row: row[0])]
        header = ["agent", "seeds", "test", "regret", "validation", "distinct"]
        print(f"### {name}\n\n{table(header, ordered)}\n")
    return 0


def _row(submission: Submission, runs: Sequence[Mapping[str, Any]]) -> tuple[float, list[str]]:
    """Return the value by which a submission is ordered, and its line of the table."""

    def cell(values: Sequence[float | None], decimals: int = 4) -> tuple[float, str]:
        known = [value for value in values if value is not None]
        interval = mean_interval(known) if known else None
        return (interval.value, plus_minus(interval, decimals)) if interval else (math.inf, "")

    test = cell([run.get("test") for run in runs])
    regrets = [run["regret"] for run in runs if "regret" in run]
    regret = cell([found.get("test", found.get("validation")) for found in regrets])
    validation = cell([run["validation"] for run in runs])
    distinct = cell([run["distinct"] for run in runs], 1)
    line = [code(submission.label), str(len(runs)), test[1], regret[1], validation[1], distinct[1]]
    return (regret[0] if regret[1] else -validation[0]), line


main = command("nas-benchmark table", Options, list_submissions)
