"""Anyone's table: a benchmark in two files, a search space and a table, without a line here."""

from __future__ import annotations

from dataclasses import dataclass

from nas_env.table import Table, read_table
from nas_env.tasks._tables import TableTask


@dataclass(frozen=True)
class AnyTable(TableTask):
    """A table in a file; the file names its search space.

    Attributes:
        path: The file, ``.npz`` or ``.json`` (docs/tables.md has the format).
    """

    path: str

    @property
    def metric(self) -> str:  # type: ignore[override]
        """The table's own."""
        return f"validation_{self.table.header.metric}"

    @property
    def failure_reward(self) -> float:  # type: ignore[override]
        """0; where less is better, the reward of the table's worst."""
        return 0.0 if self.table.header.maximise else -self.table.worst

    def _read(self) -> Table:
        return read_table(self.path)
