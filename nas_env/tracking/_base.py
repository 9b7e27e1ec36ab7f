"""What follows a search from outside: the one interface in front of every tracking service."""

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
    """One service that shows a search while it goes on.

    A tracker is never the record of the search, which is the store: what it loses is lost to the
    eye only. A member may raise anywhere, :class:`~nas_env.tracking.Trackers` catches it.

    Attributes:
        requires: The package that the service needs, imported once here so that one which is not
            installed is told before the search starts.

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
        """Begin to follow a run, or go on with it.

        Args:
            folder: The run's folder; the tracker's files go below it.
            name: What the run is called where people look at it.
            config: The resolved configuration: JSON values, nested.
            resume_from: How many children were tracked before, 0 for a new run.
        """

    @abstractmethod
    def log(self, number: int, values: Mapping[str, Value]) -> None:
        """Show values, by their full keys such as ``search/reward``, at a number of children."""

    @abstractmethod
    def picture(self, number: int, path: Path, caption: str) -> None:
        """Show a PNG file as ``search/best_architecture``, at a number of children."""

    @abstractmethod
    def summary(self, values: Mapping[str, Any]) -> None:
        """Show the figures of the whole run: JSON values, nested."""

    @abstractmethod
    def finish(self) -> None:
        """Write out what is pending and let go of files and processes."""
