"""Pieces of reStructuredText."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


def heading(text: str, underline: str = "=") -> str:
    """Return a heading."""
    return f"{text}\n{underline * len(text)}\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], widths: str = "auto") -> str:
    """Return a table; a cell is a line of reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in [header, *rows]:
        cells = [cell or " " for cell in row]
        lines += [f"   * - {cells[0]}", *(f"     - {cell}" for cell in cells[1:])]
    return "\n".join(lines) + "\n"


def code(text: str, language: str = "python") -> str:
    """Return a block of code."""
    body = "\n".join(f"   {line}".rstrip() for line in text.splitlines())
    return f".. code-block:: {language}\n\n{body}\n"


def literal(value: object) -> str:
    """Return a value as code."""
    return f"``{value}``"


def escaped(text: str) -> str:
    """Return text in which no character is markup."""
    return re.sub(r"([\\*`_|])", r"\\\1", text)


def contents(names: Iterable[str], caption: str = "", depth: int = 1) -> str:
    """Return a table of contents of pages beside this one."""
    head = [".. toctree::", f"   :maxdepth: {depth}"]
    head += [f"   :caption: {caption}"] if caption else []
    return "\n".join([*head, "", *(f"   {name}" for name in names)]) + "\n"


def write(folder: Path, made: Mapping[str, str], suffix: str = ".rst") -> None:
    """Write pages into a folder; one that has not changed keeps its time, others are removed."""
    wanted = {folder / f"{name}{suffix}": text for name, text in made.items()}
    for old in folder.rglob(f"*{suffix}"):
        if old not in wanted:
            old.unlink()
    for file, text in wanted.items():
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
