"""A user's table: a benchmark in two files, a search space and a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas_env.metrics import Metric
from nas_env.table.format import Table, read_table
from nas_env.tasks._functions import TableTask


@dataclass(frozen=True)
class AnyTable(TableTask):
    """A table in a file; the file names its search space.

    Attributes:
        path: File of the table, ``.npz`` or ``.json`` (docs/tables.md has the format).
    """

    path: str

    @property
    def metric(self) -> Metric:  # type: ignore[override]
        """The validation metric of the table."""
        return Metric(f"validation_{self.table.header.metric}", self.table.header.maximise)

    @property
    def objective(self) -> Mapping[str, Any]:  # type: ignore[override]
        """The metric itself; a failure gets 0, or the table's worst if less is better."""
        failure_reward = 0.0 if self.table.header.maximise else -self.table.worst
        return {"name": "metric_itself", "failure_reward": failure_reward}

    def _read(self) -> Table:
        return read_table(self.path)
