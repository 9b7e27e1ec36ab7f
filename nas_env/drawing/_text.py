"""An architecture as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from search_spaces import Vertex


def write(vertices: Sequence[Vertex], title: str, notes: Sequence[str]) -> str:
    """See :func:`nas_env.drawing.text_graph`."""
    names = _names(vertices)
    widest = max(map(len, names), default=0)
    label = max((len(vertex.label) for vertex in vertices), default=0)
    lines = [title] if title else []
    for name, vertex in zip(names, vertices, strict=True):
        line = f"  {name:>{widest}}  {vertex.label:<{label}}"
        if vertex.parents:
            line += "  <- " + ", ".join(names[parent] for parent in vertex.parents)
        lines.append(line.rstrip())
    return "\n".join([*lines, *notes])


def _names(vertices: Sequence[Vertex]) -> list[str]:
    """Return the names, numbered where two are equal, so that an input can be found."""
    names = [vertex.name for vertex in vertices]
    if len(set(names)) == len(names):
        return names
    return [f"{number}. {name}" for number, name in enumerate(names, start=1)]
