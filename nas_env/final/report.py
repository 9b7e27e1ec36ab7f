"""The result of a final training: the figures of ``final.json``, and the closing table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.table import Table

from nas_env.final.intervals import EXAMPLES, examples_interval, seeds_interval
from nas_env.final.plan import Tested
from nas_env.final.training import FinalTraining
from nas_env.search.summary import device_name, versions

RESULT = "final.json"


def report(
    final: FinalTraining, tested: Tested, control: Tested | None, beside: Sequence[Tested] = ()
) -> dict[str, Any]:
    """Return the figures of a final training, as plain JSON values."""
    problem, chosen = final.problem, tested.candidate
    return {
        "task": problem.task.spec,
        "space": problem.space.construction,
        "metric": problem.task.metric.name.replace("validation_", "test_", 1),
        "chosen": {
            "name": chosen.found.name,
            "architecture": dict(chosen.found.architecture),
            "parameters": tested.evaluations[0].parameters,
            "flops": tested.evaluations[0].flops,
            "search": chosen.found.value,
            "changes": chosen.changes,
            "start": None if chosen.found.start is None else chosen.found.start._asdict(),
        },
        "recipe": chosen.recipe.spec,
        **_scores(final, tested),
        "random_search": control and {**_other(final, control), "compared": final.control.shown},
        "beside": [_other(final, each) for each in beside],
        "compared": final.searched.shown,
        "failures": final.failures,
        "again": final.plan.again,
        "ledger": final.readings,
        "device": device_name(problem.device),
        "versions": versions(),
    }


def _scores(final: FinalTraining, tested: Tested) -> dict[str, Any]:
    """Return the test metrics of each seed, their mean, and the intervals of it."""
    metric = final.metric.name.replace("validation_", "test_", 1)
    good = [each for each in tested.evaluations if each.status == "ok"]
    seeds = [
        {
            "seed": request.seed,
            "status": evaluation.status,
            **{name: value for name, value in evaluation.metrics.items() if name != EXAMPLES},
            **({} if request.keep is None else {"weights": _below(final.folder, request.keep)}),
            "seconds": round(sum(evaluation.seconds.values()), 3),
        }
        for request, evaluation in zip(tested.requests, tested.evaluations, strict=True)
    ]
    values = [evaluation.metrics[metric] for evaluation in good]
    return {
        "seeds": seeds,
        "mean": fmean(values) if values else None,
        "interval_over_seeds": seeds_interval(values, final.metric.is_share),
        "interval_by_test_set": examples_interval([e.metrics for e in good], metric)
        if good
        else None,
        "test_examples": round(good[0].metrics[EXAMPLES]) if good else None,
    }


def _below(folder: Path, file: str) -> str:
    return str(Path(file).relative_to(folder))


def _other(final: FinalTraining, other: Tested) -> dict[str, Any]:
    """Return the figures of a network that was trained and tested beside the chosen one."""
    found = other.candidate.found
    return {
        "name": found.name,
        "architecture": dict(found.architecture),
        "parameters": other.evaluations[0].parameters,
        "search": found.value,
        "changes": other.candidate.changes,
        **_scores(final, other),
    }


def result_table(result: Mapping[str, Any]) -> Table:
    """Return the table that a person sees at the end."""
    metric = str(result["metric"]).replace("_", " ")
    table = Table(title=f"trained to the end, tested once on {result['test_examples']:,} examples")
    for column in ("", metric, "95%, over seeds", "95%, by the test set", "seeds", "parameters"):
        table.add_column(column, justify="right" if column else "left")
    rows = [(result["chosen"]["name"], {**result, **result["chosen"]})]
    if control := result["random_search"]:
        rows.append((f"random search, {control['name']}", control))
    rows += [(row["name"], row) for row in result["beside"]]
    for name, row in rows:
        table.add_row(
            name,
            _number(row["mean"]),
            _range(row["interval_over_seeds"]),
            _range(row["interval_by_test_set"]),
            str(sum(each["status"] == "ok" for each in row["seeds"])),
            f"{row['parameters'] or 0:,}",
        )
    return table


def _range(interval: list[float] | None) -> str:
    return "" if interval is None else " to ".join(map(_number, interval))


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if value < 10 else f"{value:.2f}"
