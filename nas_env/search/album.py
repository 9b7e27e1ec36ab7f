"""The album of a search for its trackers: the best children with drawings, what it prefers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nas_env import drawing
from nas_env.metrics import caption
from nas_env.problem import Problem
from nas_env.search.preferences import TITLE, draw_preferences
from nas_env.tracking import Picture, Table, Trackers

Record = Mapping[str, Any]

TABLE, PREFERENCES = "search/children_table", "search/preferences"  # the keys
FIRST = 32  # children before the first pages; then each time that there are twice as many
DRAWN = 12  # children that are drawn
ROWS = 5_000  # of the table
SHARE = 0.02  # of the time of the search, which pictures may take
FREE, AT_END = 2.0, 10.0  # seconds that they may take beside it, and at the end


class Album:
    """Shows a search in a table and in pictures, each time that it has twice as many children.

    All tables of a search together so have less than three times its children. Pictures take a
    bounded time: where it is spent, there are none until more time has passed.

    Args:
        trackers: Trackers that get the pages.
        problem: Problem of the children.
        records: Gives the records of all children so far, in order.
    """

    def __init__(
        self, trackers: Trackers, problem: Problem, records: Callable[[], Sequence[Record]]
    ):
        self.trackers, self.problem, self.records = trackers, problem, records
        self._drawn: dict[str, Picture] = {}
        self._started, self._spent, self._free = time.perf_counter(), 0.0, FREE
        self._shown = 0

    def child(self, number: int, record: Record, best: Record | None) -> None:
        """Show the pages if it is time for them."""
        if number >= FIRST and number & (number - 1) == 0:
            self.show(number)

    def update(self, number: int, log: Mapping[str, float]) -> None:
        """Show nothing."""

    def show(self, number: int, *, last: bool = False) -> None:
        """Show the pages of the first ``number`` children, unless they were shown.

        Args:
            number: Number of children.
            last: Whether the search has ended, so that pictures may take some seconds more.
        """
        if not self.trackers or number in (0, self._shown):
            return
        self._shown, records = number, self.records()[:number]
        self._free += AT_END * last
        with self.trackers.or_without():
            picture = self._in_time(
                lambda: Picture(
                    drawing.to_rgb(draw_preferences(records, self.problem.space)), TITLE
                )
            )
            if picture is not None:
                self.trackers.picture(number, PREFERENCES, picture)
            self.trackers.table(number, TABLE, self.table(records))

    def table(self, records: Sequence[Record]) -> Table:
        """Return the table of children: the best first, those that failed last."""
        metrics = [metric.name for metric in self.problem.task.metrics]
        order = sorted(range(len(records)), key=lambda i: _rank(records[i]))[:ROWS]
        drawn = self._drawings([records[i] for i in order])
        rows = [
            [
                i + 1,
                drawn.get(place),
                records[i]["reward"],
                records[i]["status"],
                *(records[i]["metrics"].get(name) for name in metrics),
                *(records[i][name] for name in ("parameters", "flops", "seconds")),
                json.dumps(records[i]["architecture"]) if place in drawn else None,
            ]
            for place, i in enumerate(order)
        ]
        columns = ["child", "drawing", "reward", "status", *metrics]
        return Table([*columns, "parameters", "flops", "seconds", "architecture"], rows)

    def _drawings(self, records: Sequence[Record]) -> dict[int, Picture]:
        """Return drawings of the first different architectures, as far as there is time for them.

        Returns:
            The drawings by the place of the first record of each architecture.
        """
        found: dict[int, Picture] = {}
        first = {record["canonical"]: place for place, record in reversed([*enumerate(records)])}
        for place in sorted(first.values())[:DRAWN]:
            record = records[place]
            name = record["canonical"]
            if record["status"] != "ok":
                break
            known = self._drawn.get(name) or self._in_time(lambda r=record: self._drawing(r))
            if known is not None:
                found[place] = self._drawn[name] = known
        return found

    def _drawing(self, record: Record) -> Picture:
        space = self.problem.space
        figure = drawing.draw_graph(space.graph(space.parse(record["architecture"])))
        said = caption(self.problem.task.metric, record["reward"], record)
        return Picture(drawing.to_rgb(figure), said)

    def _in_time(self, draw: Callable[[], Picture]) -> Picture | None:
        """Return a picture; None if pictures have had their share of the time."""
        began = time.perf_counter()
        if self._spent > self._free + SHARE * (began - self._started):
            return None
        picture = draw()
        self._spent += time.perf_counter() - began
        return picture


def _rank(record: Record) -> tuple[bool, float]:
    """Return by what records are put in order: the best first, those that failed last."""
    return record["status"] != "ok", -record["reward"]
