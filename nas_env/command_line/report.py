"""The installed command ``nas-report``: the page of a run, or of several side by side.

nas-report runs/NAS-Digits-v0-reinforce-1
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nas_env import read_run
from nas_env.command_line._options import main_of, read_options
from nas_env.command_line._words import first_as
from nas_env.errors import InvalidValue
from nas_env.report import write_comparison, write_report
from nas_env.run.folder import holds_run
from nas_env.run.paths import check_file

PROGRAM = "nas-report"
ABOUT = "Make the report of a run, one file of HTML; of several runs, one that compares them."


@dataclass(frozen=True)
class Options:
    """Make the report of a run, or one that compares several.

    Attributes:
        runs: Folders of runs, finished or not; they may also stand alone, as the first words.
        out: The file; by default ``report.html`` in the run's folder, of several runs
            ``comparison.html`` beside the first.
        quiet: Do not print the name of the file.
    """

    runs: tuple[Path, ...] = ()
    out: Path | None = None
    quiet: bool = False


def _read(words: Sequence[str]) -> Options:
    """Return what a command line asks for."""
    found = read_options(Options(), first_as("--runs", words), PROGRAM, ABOUT)
    if not found.runs:
        raise InvalidValue(f"a run is missing: {PROGRAM} RUN, the folder of a search")
    for place, folder in enumerate(found.runs):
        if folder.resolve() in [other.resolve() for other in found.runs[:place]]:
            raise InvalidValue(f"{folder} is given twice, expected different runs")
        _refuse_folder_of_runs(folder)
    if found.out is not None:
        check_file(found.out, "a report")
    return Options(found.runs, found.out, found.quiet)


def _refuse_folder_of_runs(folder: Path) -> None:
    """Refuse a folder that is no run but has some in it, and say how they are compared."""
    if not holds_run(folder):
        runs: list[Path] = []
        with suppress(OSError):  # it is no folder, or not ours
            runs = [each for each in sorted(folder.iterdir()) if holds_run(each)]
        if runs:
            names = f"{runs[0]} {runs[1]} …" if len(runs) > 1 else str(runs[0])
            raise InvalidValue(f"{folder} holds no run itself, did you mean {PROGRAM} {names}")


def _write(options: Options) -> None:
    """Write the page of the runs, and say where it is."""
    views = [read_run(folder) for folder in options.runs]
    if len(views) == 1:
        path = write_report(views[0], options.out)
    else:
        path = write_comparison(views, options.out)
    if not options.quiet:
        print(path)


main = main_of(PROGRAM, _read, _write)

if __name__ == "__main__":
    sys.exit(main())
