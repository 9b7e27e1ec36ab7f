"""A run as a person looks at it: what was played, read from its folder and its store.

Nothing is locked or written, so a search that is under way does not notice.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas_env.errors import InvalidValue
from nas_env.metrics import Metric
from nas_env.run.folder import (
    CONFIG_FILE,
    CONTROL,
    check_there,
    holder,
    read_config,
    read_summary,
    store_of,
)
from nas_env.run.store import open_store
from nas_env.search.summary import best_of
from search_spaces import SearchSpace, Vertex, make_space

if TYPE_CHECKING:
    from pandas import DataFrame

    from nas_env.tasks import Task

Record = dict[str, Any]

#: What a child's row has beside its metrics, by the names of its record.
FIGURES = ("status", "reward", "parameters", "flops", "seconds", "error", "canonical")


@dataclass(frozen=True)
class RunView:
    """A run, finished or not: its configuration, its children, its summary.

    What is read is read once, when it is first asked for; :meth:`again` gives a fresh look.

    Attributes:
        folder: The run's folder.
        known: Records that were read before, by the run's name in the store; they are not read
            again.

    Example:
        >>> view = read_run("runs/digits")  # doctest: +SKIP
        >>> view.best["metrics"], view.to_dataframe()  # doctest: +SKIP
    """

    folder: Path
    known: dict[str, Sequence[Record]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The resolved configuration; see :func:`nas_env.run.folder.read_config`."""
        return read_config(self.folder)

    @cached_property
    def summary(self) -> Mapping[str, Any] | None:
        """The summary of a finished run, else None."""
        return read_summary(self.folder)

    @property
    def finished(self) -> bool:
        """True if the run has played all its children."""
        return self.summary is not None

    @property
    def env(self) -> str:
        """Id of the environment."""
        return self.config["env"]

    @property
    def agent(self) -> str:
        """Name of the agent."""
        return self.config["agent"]["name"]

    @cached_property
    def task(self) -> Task:
        """The task, whose data need not be there.

        Raises:
            NASError: If it cannot be made any more.
        """
        from nas_env.tasks import make_task

        return make_task(self.config["make"]["task"])

    @property
    def metric(self) -> Metric:
        """The main metric of the task."""
        return self.task.metric

    @cached_property
    def space(self) -> SearchSpace:
        """The search space of the architectures."""
        return make_space(self.config["make"]["space"])

    @cached_property
    def episodes(self) -> Sequence[Record]:
        """The records of the search's children, in order.

        Raises:
            NASError: If the store is missing or cannot be read.
        """
        return self._played(self.config["id"])

    @cached_property
    def control(self) -> Sequence[Record]:
        """The records of the random search beside it, in order; none where there is no control."""
        return self._played(f"{self.config['id']}-{CONTROL}")

    @property
    def best(self) -> Record | None:
        """The record of the best child; None while no child has succeeded."""
        return best_of(self.episodes)

    @property
    def holder(self) -> str | None:
        """The process that plays the run now; None if there is none."""
        return holder(self.folder)

    def graph(self, record: Mapping[str, Any]) -> tuple[Vertex, ...]:
        """Return the boxes of the drawing of a child, with what is known of their sizes."""
        return self.task.graph(self.space, self.space.parse(record["architecture"]))

    def children(self) -> list[dict[str, Any]]:
        """Return a row for each child, those of the search before those of its control.

        Returns:
            For each child ``search`` (``"agent"`` or ``"control"``), ``child`` (its number from 1),
            ``status``, ``reward``, its metrics by name, ``parameters``, ``flops``, ``seconds``,
            ``error``, and ``canonical``, which equal networks have in common.
        """
        searches = {"agent": self.episodes, "control": self.control}
        return [
            {"search": name, "child": number, **_row(record)}
            for name, records in searches.items()
            for number, record in enumerate(records, 1)
        ]

    def to_dataframe(self) -> DataFrame:
        """Return :meth:`children` as a table of pandas.

        Raises:
            InvalidValue: If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise InvalidValue(
                "a table of the children needs pandas installed, try 'pip install pandas'"
            ) from None
        return pd.DataFrame(self.children())

    def again(self) -> RunView:
        """Return a fresh look at the same run, which reads the children that are new alone."""
        return RunView(self.folder, {**self.known})

    def _played(self, run: str) -> Sequence[Record]:
        where = store_of(self.folder, self.config)
        try:
            check_there(where, str(self.folder))
        except InvalidValue:
            if self.holder is None:
                raise
            return []  # it has just begun
        known = self.known.get(run, ())
        since = max(0, len(known) - 1)  # the last one again: it tells whether they still stand
        with contextlib.closing(open_store(where, run, read_only=True)) as store:
            found = store.episodes(since=since)
            if known and found[:1] != [known[-1]]:
                known, found = (), store.episodes()
        self.known[run] = records = [*known[:-1], *found]
        return records


def read_run(folder: str | os.PathLike[str]) -> RunView:
    """Return a view of a run, finished or not; nothing is locked or written.

    Args:
        folder: Folder of the run.

    Raises:
        InvalidValue: If it holds no run.
    """
    view = RunView(Path(folder))
    _ = view.config
    return view


def runs_below(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the folders of all runs below a folder, the oldest first; controls are not counted.

    Raises:
        InvalidValue: If it is no folder.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InvalidValue(f"{place} is no folder")
    configs = [file for file in place.rglob(CONFIG_FILE) if file.parent.name != CONTROL]
    begun = {file.parent: file.stat().st_mtime for file in configs}
    return sorted(begun, key=lambda found: (begun[found], found))


def _row(record: Record) -> dict[str, Any]:
    """Return the figures of a child: its metrics stand where a reader looks for them."""
    status, reward, *others = ((name, record.get(name)) for name in FIGURES)
    return dict([status, reward, *record["metrics"].items(), *others])
