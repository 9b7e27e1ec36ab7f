"""An architecture as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from search_spaces import Vertex


def write(vertices: Sequence[Vertex], title: str, notes: Sequence[str]) -> str:
    """See :func:`nas_env.drawing.text_graph`."""
    names = _names(vertices)
    columns = [
        _aligned(names, left=False),
        _aligned([vertex.label for vertex in vertices]),
        _aligned([vertex.shape for vertex in vertices], left=False),
        _aligned([counted(vertex.parameters) for vertex in vertices], left=False),
    ]
    read = [", ".join(names[parent] for parent in vertex.parents) for vertex in vertices]
    arrows = [f"<- {names}" if names else "" for names in read]
    known = [column for column in (*columns, arrows) if any(column)]
    lines = ["  " + "  ".join(cells).rstrip() for cells in zip(*known, strict=True)]
    return "\n".join([*([title] if title else []), *lines, *notes])


def counted(parameters: int | None) -> str:
    """Return a number of parameters as it is written; empty if it is not known."""
    return "" if parameters is None else f"{parameters:,}"


def _aligned(texts: Sequence[str], left: bool = True) -> list[str]:
    """Return texts of one width."""
    width = max(map(len, texts), default=0)
    return [f"{text:<{width}}" if left else f"{text:>{width}}" for text in texts]


def _names(vertices: Sequence[Vertex]) -> list[str]:
    """Return the names, numbered where two are equal, so that an input can be found."""
    names = [vertex.name for vertex in vertices]
    if len(set(names)) == len(names):
        return names
    return [f"{number}. {name}" for number, name in enumerate(names, start=1)]
