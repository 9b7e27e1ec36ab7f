"""Makes a page of a benchmark's results, with its pictures.

nas-benchmark report runs/benchmark.sqlite
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from nas_env import drawing
from nas_env.benchmark._file import existing
from nas_env.benchmark._overall import overall
from nas_env.benchmark._page import section
from nas_env.benchmark._plots import improvements, name_of, over_budget, over_compute
from nas_env.benchmark._reading import studies
from nas_env.benchmark._study import Study
from nas_env.command_line.flat_options import POSITIONAL
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue
from nas_env.files import write_bytes
from nas_env.run.paths import check_folder

MARKS = (85, 200, 300, 500)


@dataclass(frozen=True)
class Options:
    """Make a page of a benchmark's results, with its pictures.

    Attributes:
        results: The file that ``nas-benchmark run`` wrote.
        out: The folder of the page; ``index.md`` in it (``validation.md``) is replaced.
        marks: Places of the budget at which figures are stated; its end is always one.
        reported: What is told of an incumbent: ``test`` where it is known; or ``validation``, what
            the search went by, without the luck between the two.
        title: Title of the page.
    """

    results: Annotated[Path, POSITIONAL]
    out: Path = Path("runs/report")
    marks: tuple[int, ...] = MARKS
    reported: Literal["test", "validation"] = "test"
    title: str = "Benchmark"


def report(options: Options) -> int:
    """Write the page and its pictures."""
    check_folder(options.out, "a page's folder")
    found = studies(existing(options.results).all(), options.reported)
    if not found:
        raise InvalidValue(f"{options.results} holds no finished job yet")
    options.out.mkdir(parents=True, exist_ok=True)
    sections = [
        section(study, marks_of(study, options.marks), _pictures(study, options.out))
        for study in found
    ]
    together = overall(found)
    parts = [f"# {options.title}", *([together] if together else []), *sections]
    page = options.out / ("index.md" if options.reported == "test" else "validation.md")
    write_bytes(page, ("\n\n".join(parts) + "\n").encode())
    print(page)
    return 0


def marks_of(study: Study, wanted: tuple[int, ...]) -> list[int]:
    """Return the marks within a budget, and its end.

    Example:
        >>> from types import SimpleNamespace
        >>> marks_of(SimpleNamespace(amount=300), (85, 200, 500))
        [85, 200, 300]
    """
    return sorted({mark for mark in wanted if 0 < mark < study.amount} | {study.amount})


def _pictures(study: Study, folder: Path) -> dict[str, str]:
    """Draw the pictures of a study, and return their files by what they show."""
    kind = study.budget.kind
    stem = f"{name_of(study)}-{study.amount}-{kind}-{study.reported}".lower()
    drawn = {
        f"over {study.counted}": ("curve", over_budget(study, study.amount)),
        "over simulated compute": ("compute", over_compute(study, study.amount)),
        "probability of improvement": ("improvement", improvements(study, study.amount)),
    }
    files = {}
    for what, (name, figure) in drawn.items():
        if figure is not None:
            drawing.save(figure, folder / f"{stem}-{name}.png")
            files[what] = f"{stem}-{name}.png"
    return files


main = command("nas-benchmark report", Options, report)
