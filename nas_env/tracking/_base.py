"""The interface of every tracking service."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from search_spaces import InvalidValue

__all__ = ["Tracker", "Value"]

Value = float | int | str


class Tracker(ABC):
    """A service that shows a search while it runs.

    A tracker only shows the search; the record is in the store. A member may raise exceptions
    anywhere, since :class:`~nas_env.tracking.Trackers` catches them.

    Attributes:
        requires: Package that the service needs. It is imported when the tracker is made, so that
            a missing package is reported before the search starts.

    Raises:
        InvalidValue: If the library is not installed.
    """

    requires: ClassVar[str] = ""

    def __init__(self) -> None:
        try:
            if self.requires:
                importlib.import_module(self.requires)
        except ImportError as error:
            raise InvalidValue(
                f"tracking with {self.requires} needs it installed, try"
                f" 'pip install {self.requires}': {error}"
            ) from None

    @abstractmethod
    def start(self, folder: Path, name: str, config: Mapping[str, Any], resume_from: int) -> None:
        """Begin to follow a run, or continue after a resumption.

        Args:
            folder: The run's folder; the tracker's files go below it.
            name: Name of the run, for people.
            config: The resolved configuration: JSON values, nested.
            resume_from: Number of children that were tracked before, 0 for a new run.
        """

    @abstractmethod
    def log(self, number: int, values: Mapping[str, Value]) -> None:
        """Show values under their full keys, such as ``search/reward``, at a number of children."""

    @abstractmethod
    def picture(self, number: int, path: Path, caption: str) -> None:
        """Show a PNG file as ``search/best_architecture``, at a number of children."""

    @abstractmethod
    def summary(self, values: Mapping[str, Any]) -> None:
        """Show the figures of the whole run: JSON values, nested."""

    @abstractmethod
    def finish(self) -> None:
        """Write out what is pending, and release files and processes."""
