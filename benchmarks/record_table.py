"""Prints the tables of docs/record.md: networks and parts of each record, as Markdown.

python -m benchmarks.record_table --records benchmarks/results/record_60_0.json …
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._record_figures import read
from benchmarks._results import FOLDER
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue

NETWORKS = ["network", "test error (95% by the test set)", "parameters", "MFLOP", "epochs",
            "minutes", "PFLOP"]  # fmt: skip
PARTS = ["part", "minutes (cpu)", "minutes (wall)", "PFLOP", "legs", "load, at most"]


@dataclass(frozen=True)
class Options:
    """Print the tables of some records.

    Attributes:
        records: Files of figures, of ``benchmarks.cifar10_record``; all that are kept by default.
    """

    records: tuple[Path, ...] = ()


def measure(options: Options) -> None:
    """Print a heading and two tables for each record."""
    files = options.records or sorted(FOLDER.glob("record_[0-9]*.json"))
    if not files:
        raise InvalidValue(f"{FOLDER} has no record_*.json, expected --records FILE")
    for file in files:
        kept = read(file)
        figures = kept["figures"]
        chosen = figures["options"]
        print(f"### {chosen['minutes']:g} minutes, seed {chosen['seed']}\n\n```\n{kept['command']}")
        on = kept["on"]
        print("```\n")
        print(f"{on['processor']}, {on['instructions']}, PyTorch {on['versions']['torch']}\n")
        for line in [*table(NETWORKS, networks(figures)), "", *table(PARTS, parts(figures)), ""]:
            print(line)
        for told in [*added(figures), ""]:
            print(told)


def table(head: Sequence[str], rows: Iterator[list[str]]) -> list[str]:
    """Return the lines of a table in Markdown; the first column is of words."""
    rule = "|---" + "|---:" * (len(head) - 1) + "|"
    return [f"| {' | '.join(head)} |", rule, *[f"| {' | '.join(row)} |" for row in rows]]


def networks(figures: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield a row for each network that was tested, and for each control that failed."""
    for name, each in figures["networks"].items():
        low, high = (100 * (1 - bound) for bound in reversed(each["interval_by_test_set"]))
        error = f"{100 * (1 - each['mean']):.2f}% ({low:.2f} to {high:.2f})"
        own = [part for title, part in figures["parts"].items() if title.startswith(f"{name}: ")]
        size = f"{each['parameters']:,}", f"{each['flops'] / 1e6:,.0f}"
        arithmetic = sum(part.get("PFLOP", 0.0) for part in own)
        minutes = f"{each['minutes']['cpu']:.1f}"
        yield [name, error, *size, str(each["plan"]["epochs"]), minutes, f"{arithmetic:.3f}"]
    for name in figures["failed"]:
        yield [name, "failed", *[""] * (len(NETWORKS) - 2)]


def parts(figures: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield a row for each part."""
    for name, part in figures["parts"].items():
        legs = [leg for leg in figures["legs"] if leg["part"] == name]
        load = max(leg[f"load at the {end}"] for leg in legs for end in ("beginning", "end"))
        arithmetic = f"{part['PFLOP']:.3f}" if "PFLOP" in part else ""
        minutes = f"{part['cpu']:.1f}", f"{part['wall']:.1f}"
        yield [name, *minutes, arithmetic, str(len(legs)), f"{load:.1f}"]


def added(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each control: by how much the found network is better."""
    for name, value in figures["added"].items():
        mean, half = value if isinstance(value, list) else (value, None)
        interval = "" if half is None else f" ± {half:.2f} (95%, over the networks)"
        yield f"- {name}: {mean:+.2f}{interval} points of test accuracy"


main = command("python -m benchmarks.record_table", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
