"""The children at work, as the process that plays a run tells whoever watches it.

Nothing of it is needed later: a file of this is there while a run is played, and is not durable.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nas_env.files import beside
from search_spaces._json import strict_json

FILE = "at_work.json"
MOST = 100  # children in the file, those that began first
SILENT = 10.0  # seconds without a new file, after which nothing in it holds any more


@dataclass(frozen=True)
class AtWork:
    """The state of a running search at one moment, as far as its store does not have it.

    Attributes:
        workers: Children that can be trained at the same time.
        at_work: How many are being trained.
        children: Up to a hundred of them, each with ``child`` (its number from 1), ``seconds`` so
            far, ``epoch``, ``epochs``, the last ``values`` of its metrics, its
            ``architecture``, and the ``worker`` that trains it.
        children_per_hour: Rate since this process began; None before the first child is done.
        busy: Share of their time in which the workers held a child; None if that is not known.
        seconds_left: Seconds until the search is probably done; None if that is not known.
        time: Seconds since 1970 at which it was told.
    """

    workers: int
    at_work: int
    children: Sequence[Mapping[str, Any]]
    children_per_hour: float | None = None
    busy: float | None = None
    seconds_left: float | None = None
    time: float = field(default_factory=time.time)

    @property
    def is_current(self) -> bool:
        """True if it was told a moment ago."""
        return abs(time.time() - self.time) < SILENT


def tell(folder: Path, told: AtWork) -> None:
    """Replace the file of a run's folder; where that fails, nobody is told."""
    new = beside(folder / FILE)
    with suppress(OSError):
        new.write_text(json.dumps(vars(told)))
        os.rename(new, folder / FILE)


def tell_no_more(folder: Path) -> None:
    """Remove the file, since nothing is played any more."""
    with suppress(OSError):
        os.remove(folder / FILE)


def read_at_work(folder: Path) -> AtWork | None:
    """Return what was told a moment ago of a run; None where nobody tells anything."""
    with suppress(OSError, ValueError, TypeError, RecursionError):
        found = AtWork(**strict_json((folder / FILE).read_bytes()))
        return found if found.is_current else None
    return None
