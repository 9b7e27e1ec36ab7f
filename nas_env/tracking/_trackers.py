"""The trackers of a search joined into one that never stops the search."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from nas_env.tracking._base import Tracker, Value

__all__ = ["Trackers"]

logger = logging.getLogger(__name__)


class Trackers:
    """Several trackers as one, or none.

    A tracker that raises an exception (a full disk, no network) is switched off with one warning,
    and the search continues. Children that were tracked before a resumption are not logged again.

    Example:
        >>> nobody = Trackers()
        >>> nobody.child(1, {"reward": 0.5, "status": "ok"})
    """

    def __init__(self, trackers: Iterable[Tracker] = ()):
        self._trackers = list(trackers)
        self._tracked = 0

    def start(
        self, folder: Path, name: str, config: Mapping[str, Any], resume_from: int = 0
    ) -> None:
        """Begin to follow a run, or continue after ``resume_from`` children."""
        self._tracked = resume_from
        self._each(lambda tracker: tracker.start(folder, name, config, resume_from))

    def child(self, number: int, values: Mapping[str, Value | None]) -> None:
        """Show a finished child as ``search/...``.

        Args:
            number: Number of the child, counted from 1: the axis of every chart.
            values: Figures by key, without prefix; None for one that this child does not have.
        """
        self._log(number, "search", values)

    def update(self, number: int, values: Mapping[str, Value | None]) -> None:
        """Show an update of the agent, made after ``number`` children, as ``agent/...``."""
        self._log(number, "agent", values)

    def picture(self, number: int, path: Path, caption: str) -> None:
        """Show the best architecture so far, a PNG file, found with child ``number``."""
        if number > self._tracked:
            self._each(lambda tracker: tracker.picture(number, path, caption))

    def summary(self, values: Mapping[str, Any]) -> None:
        """Show the figures of the whole run."""
        self._each(lambda tracker: tracker.summary(values))

    def finish(self) -> None:
        """Write out what is pending, and stop following the search."""
        self._each(lambda tracker: tracker.finish())
        self._trackers.clear()

    def _log(self, number: int, prefix: str, values: Mapping[str, Value | None]) -> None:
        if number > self._tracked:
            full = {f"{prefix}/{key}": v for key, v in values.items() if v is not None}
            self._each(lambda tracker: tracker.log(number, full))

    def _each(self, act: Callable[[Tracker], None]) -> None:
        for tracker in tuple(self._trackers):
            try:
                act(tracker)
            except Exception as error:
                self._trackers.remove(tracker)
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                name = type(tracker).__name__
                logger.warning("%s is off, the search goes on without it: %s", name, reason)
                with suppress(Exception):
                    tracker.finish()
