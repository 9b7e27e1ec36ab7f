"""A user's table: a benchmark in two files, a search space and a table."""

from __future__ import annotations

from dataclasses import dataclass

from nas_env.table.format import Table, read_table
from nas_env.tasks._tables import TableTask


@dataclass(frozen=True)
class AnyTable(TableTask):
    """A table in a file; the file names its search space.

    Attributes:
        path: File of the table, ``.npz`` or ``.json`` (docs/tables.md has the format).
    """

    path: str

    @property
    def metric(self) -> str:  # type: ignore[override]
        """The validation metric of the table."""
        return f"validation_{self.table.header.metric}"

    @property
    def failure_reward(self) -> float:  # type: ignore[override]
        """The reward of a failure: 0, or that of the table's worst if lower is better."""
        return 0.0 if self.table.header.maximise else -self.table.worst

    def _read(self) -> Table:
        return read_table(self.path)
