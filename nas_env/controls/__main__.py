"""The installed command ``nas-controls``: a search beside random search over time.

nas-controls runs/pydocs-0 runs/pydocs-1 runs/pydocs-2 --out runs/pydocs-controls
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from rich.console import Console

from nas_env import drawing
from nas_env.command_line.flat_options import POSITIONAL
from nas_env.command_line.program import command
from nas_env.controls.comparison import Compared, compare
from nas_env.controls.report import figures
from nas_env.controls.runs import read_runs
from nas_env.controls.telling import sentences, table
from nas_env.errors import InvalidValue
from nas_env.files import write_json
from nas_env.run.paths import check_folder

PROGRAM = "nas-controls"
MOST = 8  # numbers of the best in one picture
FILE, PICTURES = "controls.json", ("controls.png", "controls.svg")


@dataclass(frozen=True)
class Options:
    """Compare searches with their random controls: the best, and the mean of the best, over time.

    Attributes:
        runs: Folders of runs with a control, which differ in their seed alone.
        top: Numbers of the best different networks whose mean is taken.
        out: Folder of the results; by default that of the first run.
        quiet: Print nothing but errors.
    """

    runs: Annotated[tuple[Path, ...], POSITIONAL]
    top: tuple[int, ...] = (1, 5, 15)
    out: Path | None = None
    quiet: bool = False


def controls(options: Options) -> None:
    """Compare runs with their controls; write the figures and their picture, and print them."""
    counts = sorted(set(options.top))
    if not counts or counts[0] < 1:
        raise InvalidValue(f"--top is {' '.join(map(str, counts)) or 'empty'}, expected 1 or more")
    if len(counts) > MOST:
        raise InvalidValue(f"--top has {len(counts)} numbers, expected at most {MOST}")
    console = Console(quiet=options.quiet, highlight=False, markup=False, emoji=False)
    compared = compare(*read_runs(options.runs), counts)
    out = options.out or options.runs[0]
    check_folder(out, "the folder of the results")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidValue(f"{out} cannot be made: {error.strerror}") from None
    _write(compared, out)
    console.print(table(compared))
    for line in sentences(compared, counts):
        console.print(line, soft_wrap=True)
    console.print(f"{out}: {', '.join((FILE, *PICTURES))}", soft_wrap=True)


def _write(compared: Compared, out: Path) -> None:
    from nas_env.controls.picture import draw  # matplotlib, which bad input need not wait for

    write_json(out / FILE, figures(compared))
    picture = draw(compared)
    for name in PICTURES:
        drawing.save(picture, out / name)


main = command(PROGRAM, Options, controls)

if __name__ == "__main__":
    sys.exit(main())
