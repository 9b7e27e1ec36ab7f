"""The run of a search."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import ClassVar

from nas_env.command_line._evaluators import choose_evaluator
from nas_env.command_line._subjects.base import Place, Subject
from nas_env.errors import InvalidValue
from nas_env.final.top import Found, top
from nas_env.run.folder import CONTROL, RUN, check_there, holds_run, read_config, store_of
from nas_env.run.paths import check_name
from nas_env.tasks import make_task


@dataclass(frozen=True)
class SearchedRun(Subject):
    """The run of a search, whose best architectures are trained."""

    grid: ClassVar[str] = "small"

    def found(self, count: int) -> list[Found]:
        """Return the best architectures of the search."""
        best = self._best(self.place.id, count)
        if not best:
            raise InvalidValue(f"{self.place.folder} has no child that succeeded: nothing to train")
        return best

    def different(self) -> list[Found]:
        """Return all different architectures of the search, the best first."""
        return self.found(sys.maxsize)

    def control(self, count: int) -> list[Found]:
        """Return the best architectures of the random control, if the run has one."""
        if not holds_run(self.place.folder / CONTROL):
            return []
        return self._best(f"{self.place.id}-{CONTROL}", count)

    def _best(self, run: str, count: int) -> list[Found]:
        """Return the best architectures of a search that is in the store."""
        check_there(self.place.store, "the run")
        with contextlib.closing(self.place.open(run)) as store:
            return top(store.episodes(), self.task.metric, count)


def of_run(run: str) -> SearchedRun:
    """Return the run of a search.

    Raises:
        InvalidValue: If there is none, or its configuration is not whole.
        NASError: If its task cannot be made any more.
    """
    folder = check_name(run, RUN)
    config = read_config(folder)
    place = Place(folder, config["env"], store_of(folder, config), config["id"])
    make = config["make"]
    _, evaluator = choose_evaluator(None, make["evaluator"])
    return SearchedRun(place, make, make_task(make["task"]), evaluator)
