"""The trackers of a search joined into one that never stops the search."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from nas_env.tracking._base import Tracker
from nas_env.tracking._items import Artifact, Labels, Picture, Table, Value

__all__ = ["Trackers"]

logger = logging.getLogger(__name__)

LARGEST = 2**28  # bytes of an artifact that is kept with a tracker


class Trackers:
    """Several trackers as one, or none.

    A tracker that raises an exception (a full disk, no network) is switched off with one warning,
    and the search continues. Children that were tracked before a resumption are not logged again.
    It is false if there is no tracker, so that nothing need be made for nobody, and it finishes
    at the end of a ``with`` block.

    Example:
        >>> nobody = Trackers()
        >>> nobody.child(1, {"reward": 0.5, "status": "ok"})
        >>> bool(nobody)
        False
    """

    def __init__(self, trackers: Iterable[Tracker] = ()):
        self._trackers = list(trackers)
        self._tracked = self._last = 0

    def __bool__(self) -> bool:
        return bool(self._trackers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.finish()

    def start(
        self, folder: Path, labels: Labels, config: Mapping[str, Any], resume_from: int = 0
    ) -> None:
        """Begin to follow a run, or continue after ``resume_from`` children."""
        self._tracked = self._last = resume_from
        self._each(lambda tracker: tracker.start(folder, labels, config, resume_from))

    def child(self, number: int, values: Mapping[str, Value | None]) -> None:
        """Show a finished child as ``search/...``.

        Args:
            number: Number of the child, counted from 1: the axis of every chart.
            values: Figures by key, without prefix; None for one that this child does not have.
        """
        self.log(number, "search", values)

    def update(self, number: int, values: Mapping[str, Value | None]) -> None:
        """Show an update of the agent, made after ``number`` children, as ``agent/...``."""
        self.log(number, "agent", values)

    def log(self, number: int, prefix: str, values: Mapping[str, Value | None]) -> None:
        """Show values under a prefix; None is left out."""
        full = {f"{prefix}/{key}": value for key, value in values.items() if value is not None}
        if number > self._tracked:
            self._from(number, lambda tracker: tracker.log(number, full))

    def picture(self, number: int, key: str, picture: Picture) -> None:
        """Show a picture under a full key, such as ``search/best_architecture``."""
        self._from(number, lambda tracker: tracker.picture(number, key, picture))

    def table(self, number: int, key: str, table: Table) -> None:
        """Show a table under a full key, its best rows first."""
        self._from(number, lambda tracker: tracker.table(number, key, table))

    def uses(self, artifact: Artifact) -> None:
        """Say that the run uses what an artifact holds."""
        self._keep(artifact, used=True)

    def makes(self, artifact: Artifact) -> None:
        """Keep an artifact that the run has made."""
        self._keep(artifact, used=False)

    def summary(self, values: Mapping[str, Any]) -> None:
        """Show the figures of the whole run."""
        self._each(lambda tracker: tracker.summary(self._last, values))

    def finish(self) -> None:
        """Write out what is pending, and stop following the search."""
        self._each(lambda tracker: tracker.finish())
        self._trackers.clear()

    def _keep(self, artifact: Artifact, used: bool) -> None:
        """Hand an artifact on, unless it is too large for a service that only shows."""
        if self and artifact.size > LARGEST:
            size = f"{artifact.size / 2**20:,.0f} MiB, more than {LARGEST >> 20}"
            logger.warning("%s is not tracked: its files have %s", artifact.name, size)
            return
        self._each(lambda tracker: tracker.artifact(self._last, artifact, used=used))

    @contextmanager
    def or_without(self) -> Iterator[None]:
        """Continue with a warning if the block cannot make what it makes for the trackers."""
        try:
            yield
        except Exception as error:
            logger.warning("the trackers are not told of everything: %s", _reason(error))

    def _from(self, number: int, act: Callable[[Tracker], None]) -> None:
        """Tell the trackers, unless more children than that were tracked before a resumption.

        What is shown after the last child may be missing where a search was stopped there.
        """
        if number >= self._tracked:
            self._last = max(self._last, number)
            self._each(act)

    def _each(self, act: Callable[[Tracker], None]) -> None:
        for tracker in tuple(self._trackers):
            try:
                act(tracker)
            except Exception as error:
                self._trackers.remove(tracker)
                name = type(tracker).__name__
                told = "%s is off, the search goes on without it: %s"
                logger.warning(told, name, _reason(error))
                with suppress(Exception):
                    tracker.finish()


def _reason(error: Exception) -> str:
    """Return in a line what went wrong."""
    return " ".join(f"{type(error).__name__}: {error}".split())
