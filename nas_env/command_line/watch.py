"""The installed command ``nas-watch``: a search in the terminal, while it runs or when it is done.

nas-watch runs/NAS-Digits-v0-reinforce-1
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.live import Live

from nas_env.command_line._frame import Seen, frame, state_of
from nas_env.command_line._help import readable
from nas_env.command_line._keys import keys
from nas_env.command_line._options import main_of, read_options
from nas_env.command_line._words import with_run
from nas_env.errors import InvalidValue, StoreError
from nas_env.run.at_work import read_at_work
from nas_env.run.folder import CONTROL
from nas_env.search._outputs import is_called_in_notebook
from nas_env.search.reading import RunView, read_run
from search_spaces._settings import at_least, at_most

PROGRAM = "nas-watch"
ABOUT = "Watch a search in the terminal; q or Ctrl-C leaves it. Nothing of the run is written."


@dataclass(frozen=True)
class Options:
    """Watch a search in the terminal.

    Attributes:
        run: The run's folder; its name may also stand alone, as the first word.
        once: Print what there is now, and end; so it does where the output is no terminal, and for
            a run that is finished.
        every: Seconds between two looks at the run.
    """

    run: Path | None = None
    once: bool = False
    every: float = field(default=1.0, metadata={"metavar": "SECONDS"})


def _read(words: Sequence[str]) -> Options:
    """Return what a command line asks for."""
    found = read_options(Options(), with_run(words), PROGRAM, ABOUT)
    if found.run is None:
        raise InvalidValue(f"a run is missing: {PROGRAM} RUN, the folder of a search")
    at_least(found, every=0.1)
    at_most(found, every=3_600)
    return Options(found.run, found.once, found.every)


def _watch(options: Options) -> None:
    """Show the run until it is finished or somebody leaves; then print what was seen last."""
    console = Console(highlight=False, markup=False, emoji=False)
    seen = _look(read_run(options.run or Path()))
    can_change = console.is_terminal and not is_called_in_notebook()
    if can_change and not options.once and not seen.view.finished:
        seen = _watched(seen, options.every, console)
    with readable():
        console.print(frame(seen, console.width, console.height, plain=_plain(console)))


def _watched(seen: Seen, every: float, console: Console) -> Seen:
    """Show a run until it is finished or q is pressed; return what was seen last."""
    with Live(console=console, screen=True, auto_refresh=False) as live, keys() as pressed:
        while True:
            shown = frame(seen, console.width, console.height, plain=_plain(console))
            live.update(shown, refresh=True)
            if seen.view.finished or pressed(every):
                return seen
            with suppress(StoreError):  # a server that does not answer may do so later
                seen = _look(seen.view.again())


def _look(view: RunView) -> Seen:
    """Return a run with what its process tells of it; its children are read here."""
    _ = view.episodes, view.control
    if state_of(view) != "playing":  # what was told last is past
        return Seen(view)
    return Seen(view, read_at_work(view.folder), read_at_work(view.folder / CONTROL))


def _plain(console: Console) -> bool:
    return console.options.ascii_only


main = main_of(PROGRAM, _read, _watch, stopped="")

if __name__ == "__main__":
    sys.exit(main())
