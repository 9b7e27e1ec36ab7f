"""Labels, pictures, tables and artifacts: what a tracker shows of a search beside its figures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

Value = float | int | str

FIRST_ROWS, LONGEST = 20, 60  # rows and characters of a cell of a table that is written as text
JOBS = Literal["search", "final"]


@dataclass(frozen=True)
class Labels:
    """The labels by which people find a run.

    Attributes:
        name: Name of the run.
        job: What the run does.
        usual_group: Group of the run if none is chosen: runs that are alike but for their seed.
        tags: Words about the run.
        project: Project that was chosen; None for the service's own default.
        group: Group that was chosen; None for the usual one.
    """

    name: str
    job: JOBS = "search"
    usual_group: str = ""
    tags: tuple[str, ...] = ()
    project: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Picture:
    """A picture.

    Attributes:
        pixels: uint8 (height, width, 3).
        caption: What it shows, in a line.
    """

    pixels: np.ndarray
    caption: str = ""

    @classmethod
    def read(cls, path: Path, caption: str = "") -> Picture:
        """Read a file of a picture."""
        from PIL import Image

        with Image.open(path) as file:
            return cls(np.asarray(file.convert("RGB")), caption)


Cell = Value | Picture | None


@dataclass(frozen=True)
class Table:
    """A table; its first rows matter most.

    Attributes:
        columns: Names of the columns.
        rows: Cells of each row; None where there is nothing.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def pictures(self) -> Iterator[Picture]:
        """Yield the pictures from the first row on."""
        yield from (cell for row in self.rows for cell in row if isinstance(cell, Picture))

    def markdown(self, most: int = FIRST_ROWS) -> str:
        """Return the first rows as Markdown, without pictures.

        Example:
            >>> print(Table(["child", "reward"], [[2, 0.51234], [1, None]]).markdown())
            | child | reward |
            |---|---|
            | 2 | 0.5123 |
            | 1 |  |
        """
        held = [
            place
            for place in range(len(self.columns))
            if not any(isinstance(row[place], Picture) for row in self.rows)
        ]
        lines = [[self.columns[place] for place in held]]
        lines += [[_text(row[place]) for place in held] for row in self.rows[:most]]
        written = [f"| {' | '.join(line)} |" for line in lines]
        return "\n".join([written[0], "|---" * len(held) + "|", *written[1:]])


def _text(cell: Cell) -> str:
    """Return a cell as Markdown shows it."""
    if cell is None:
        return ""
    text = f"{cell:.4g}" if isinstance(cell, float) else str(cell).replace("|", "\\|")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


@dataclass(frozen=True)
class Artifact:
    """Files that a run used or made, under a name that other runs know.

    Attributes:
        name: Name, of letters, digits, ``-``, ``_`` and ``.``; the same files under the same name
            are the same artifact.
        kind: What the files are: ``"dataset"``, ``"architecture"``, ``"checkpoint"`` or
            ``"network"``.
        files: Files by their name in the artifact: where each lies, or its content.
        facts: What is known of them: plain JSON values.
    """

    name: str
    kind: str
    files: Mapping[str, Path | bytes]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(
            file.stat().st_size if isinstance(file, Path) else len(file)
            for file in self.files.values()
        )

    def checksums(self) -> dict[str, str]:
        """Return the SHA-256 of each file by its name.

        Example:
            >>> Artifact("data", "dataset", {"a.txt": b"a"}).checksums()["a.txt"][:8]
            'ca978112'
        """
        found = {}
        for name, file in sorted(self.files.items()):
            content = file.read_bytes() if isinstance(file, Path) else file
            found[name] = hashlib.sha256(content).hexdigest()
        return found
