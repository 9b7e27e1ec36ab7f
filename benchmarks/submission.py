"""Makes submissions to the leaderboard, validates them, and lists them.

    python -m benchmarks.submission export runs/benchmark.sqlite --agent ppo --out ppo.json
    python -m benchmarks.submission validate ppo.json
    python -m benchmarks.submission table ppo.json evolution.json

docs/leaderboard.md has the format of the file.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from benchmarks._command import command
from benchmarks._file import existing
from benchmarks._job import Job
from benchmarks._page import plus_minus, table
from benchmarks._replay import derive
from benchmarks._statistics import mean_interval
from benchmarks._submission import FORMAT, Submission, compare, read
from benchmarks._verdict import code
from nas_env.errors import InvalidValue, UnknownName
from nas_env.run.files import write_bytes
from nas_env.run.paths import check_new_file


@dataclass(frozen=True)
class Export:
    """Make a submission of an agent's searches.

    Attributes:
        results: File that ``benchmarks.run`` wrote.
        agent: Label of the agent in the results.
        out: File to write.
        environment: Id of the environment; needed if the agent played several.
    """

    results: Annotated[Path, tyro.conf.Positional]
    agent: str
    out: Path = Path("submission.json")
    environment: str | None = None


@dataclass(frozen=True)
class Validate:
    """Play a submission again, and check every figure that it claims.

    Attributes:
        file: File of the submission.
    """

    file: Annotated[Path, tyro.conf.Positional]


@dataclass(frozen=True)
class List:
    """Validate submissions, and list them as a leaderboard in Markdown.

    Attributes:
        files: Files of the submissions.
    """

    files: Annotated[tuple[Path, ...], tyro.conf.Positional]


def export(options: Export) -> int:
    """Write a submission."""
    check_new_file(options.out, "a submission")
    results = list(existing(options.results).all())
    chosen = _of(results, options)
    job, record = chosen[0]
    runs = [{"seed": j.seed, "tokens": r["tokens"]} for j, r in sorted(chosen, key=_seed)]
    bare = Submission(
        format=FORMAT,
        environment=job.environment,
        make={name: value for name, value in job.make.items() if name != "store"},
        problem=record["problem"],
        agent=dict(job.agent),
        label=job.label,
        budget=asdict(job.budget),
        runs=runs,
        figures={},
    )
    whole = replace(bare, figures=derive(bare))
    write_bytes(options.out, (json.dumps(asdict(whole)) + "\n").encode())
    print(f"{options.out}: {len(runs)} searches of {job.label} in {job.environment}")
    return 0


def validated(path: Path) -> tuple[Submission, dict[str, Any]]:
    """Read a submission, check its figures by playing it again, and return both.

    Raises:
        InvalidValue: If something is wrong; the message is one line that says what.
    """
    submission = read(path)
    figures = derive(submission)
    compare(submission.figures, figures)
    return submission, figures


def validate(options: Validate) -> int:
    """Say that a submission is valid, or raise an error that says what is wrong with it."""
    submission, figures = validated(options.file)
    mean = ", ".join(f"{name} {value:.5g}" for name, value in figures["mean"].items())
    print(f"{options.file} is valid: {submission.label}, {len(figures['runs'])} seeds, {mean}")
    return 0


def leaderboard(options: List) -> int:
    """Print the leaderboard: a table for each environment and budget, the best mean first."""
    boards: dict[str, list[tuple[float, list[str]]]] = {}
    for path in options.files:
        submission, figures = validated(path)
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
    regret = cell([run["regret"].get("test") for run in runs if "regret" in run])
    validation = cell([run["validation"] for run in runs])
    distinct = cell([run["distinct"] for run in runs], 1)
    line = [code(submission.label), str(len(runs)), test[1], regret[1], validation[1], distinct[1]]
    return (regret[0] if regret[1] else -validation[0]), line


def _of(results: Sequence[tuple[Job, Any]], options: Export) -> list[tuple[Job, Any]]:
    """Return the chosen searches; they have one environment, budget and configuration."""
    labels = {job.label for job, _ in results}
    if options.agent not in labels:
        raise UnknownName("agent in the results", options.agent, labels)
    wanted = [
        (job, record)
        for job, record in results
        if job.label == options.agent and options.environment in (None, job.environment)
    ]
    experiments = {
        replace(job, seed=0).key: f"{job.environment} {job.budget.amount} {job.budget.kind}"
        for job, _ in wanted
    }
    if len(experiments) != 1:
        found = ", ".join(sorted(experiments.values())) or "none"
        raise InvalidValue(f"--agent and --environment must name one experiment, found {found}")
    return wanted


def _seed(pair: tuple[Job, Any]) -> int:
    return pair[0].seed


main = command(
    "python -m benchmarks.submission",
    {"export": (Export, export), "validate": (Validate, validate), "table": (List, leaderboard)},
    resumes=False,
)

if __name__ == "__main__":
    sys.exit(main())
