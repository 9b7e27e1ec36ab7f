"""Makes a submission to the leaderboard of an agent's searches.

    nas-benchmark export runs/benchmark.sqlite --agent ppo --out ppo.json

docs/leaderboard.md has the format of the file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from nas_env.benchmark._file import existing
from nas_env.benchmark._job import Job
from nas_env.benchmark._replay import derive
from nas_env.benchmark._submission import FORMAT, Submission
from nas_env.command_line.flat_options import POSITIONAL
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue, UnknownName
from nas_env.files import write_bytes
from nas_env.run.paths import check_new_file


@dataclass(frozen=True)
class Options:
    """Make a submission of an agent's searches.

    Attributes:
        results: File that ``nas-benchmark run`` wrote.
        agent: Label of the agent in the results.
        out: File to write.
        environment: Id of the environment; needed if the agent played several.
    """

    results: Annotated[Path, POSITIONAL]
    agent: str
    out: Path = Path("submission.json")
    environment: str | None = None


def export(options: Options) -> int:
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
    own = job.environment.rpartition(":")[0]  # its module has been imported to play it
    whole = replace(bare, figures=derive(bare, [own]))
    write_bytes(options.out, (json.dumps(asdict(whole)) + "\n").encode())
    print(f"{options.out}: {len(runs)} searches of {job.label} in {job.environment}")
    return 0


def _of(results: Sequence[tuple[Job, Any]], options: Options) -> list[tuple[Job, Any]]:
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


main = command("nas-benchmark export", Options, export)
