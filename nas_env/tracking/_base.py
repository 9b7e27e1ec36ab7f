"""The interface of every tracking service."""

from __future__ import annotations

import importlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from nas_env.tracking._items import Artifact, Labels, Picture, Table, Value
from search_spaces import InvalidValue

__all__ = ["Tracker"]


class Tracker(ABC):
    """A service that shows a search while it runs.

    A tracker only shows the search; the record is in the store. A member may raise exceptions
    anywhere, since :class:`~nas_env.tracking.Trackers` catches them.

    A member writes :meth:`start`, :meth:`log` and :meth:`finish`. The other methods say in values
    what the service may have a better form for, and a member overrides those for which it has.
    Numbers are numbers of children, counted from 1; they never go back.

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
    def start(
        self, folder: Path, labels: Labels, config: Mapping[str, Any], resume_from: int
    ) -> None:
        """Begin to follow a run, or continue after a resumption.

        Args:
            folder: The run's folder; the tracker's files go below it.
            labels: Name, group and tags of the run, for people.
            config: The resolved configuration: JSON values, nested.
            resume_from: Number of children that were tracked before, 0 for a new run.
        """

    @abstractmethod
    def log(self, number: int, values: Mapping[str, Value]) -> None:
        """Show values under their full keys, such as ``search/reward``, at a number of children."""

    @abstractmethod
    def finish(self) -> None:
        """Write out what is pending, and release files and processes."""

    def picture(self, number: int, key: str, picture: Picture) -> None:
        """Show a picture; without another form, its caption."""
        self.log(number, {f"{key}/caption": picture.caption})

    def table(self, number: int, key: str, table: Table) -> None:
        """Show a table, the best rows first; without another form, as text and pictures."""
        self.log(number, {key: table.markdown()})
        for place, picture in enumerate(table.pictures(), 1):
            self.picture(number, f"{key}/{place:02d}", picture)

    def artifact(self, number: int, artifact: Artifact, *, used: bool) -> None:
        """Keep an artifact that the run made, or used; without another form, its checksums."""
        said = {
            "name": artifact.name,
            "used": used,
            "sha256": artifact.checksums(),
            "facts": dict(artifact.facts),
        }
        self.log(number, {f"artifact/{artifact.kind}": as_code(said)})

    def summary(self, number: int, values: Mapping[str, Any]) -> None:
        """Show the figures of the whole run, JSON values, nested; without another form, each."""
        self.log(number, {f"summary/{name}": value for name, value in flat(values)})


def flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Value]]:
    """Yield the single values of nested ones, with the names that lead to each.

    Example:
        >>> dict(flat({"agent": {"rate": 0.5, "sizes": [1, 2]}, "store": None, "seed": 7}))
        {'agent.rate': 0.5, 'agent.sizes': '[1, 2]', 'seed': 7}
    """
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{name}.")
        elif isinstance(value, (int, float, str)):
            yield f"{before}{name}", value
        elif value is not None:
            yield f"{before}{name}", json.dumps(value, default=str)


def as_code(values: Mapping[str, Any]) -> str:
    """Return values as a block of code in Markdown, in which their JSON keeps its lines."""
    return "\n".join(
        f"    {line}" for line in json.dumps(values, indent=2, default=str).split("\n")
    )
