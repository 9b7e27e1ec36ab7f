"""The boxes and arrows of a recurrent cell."""

from __future__ import annotations

from search_spaces._decisions import Vertex
from search_spaces.recurrent_cell._cell import RecurrentCell
from search_spaces.recurrent_cell._tree import children

SIGNS = {"add": "+", "elem_mult": "×", "max": "max"}


def cell_graph(cell: RecurrentCell) -> tuple[Vertex, ...]:
    """Return the inputs, the nodes with the injection among them, and the outputs."""
    vertices = [Vertex("xₜ, hₜ₋₁", "", "input"), Vertex("cₜ₋₁", "", "input")]
    read: dict[int, int] = {}  # for each node, the vertex that its readers read
    own: dict[int, int] = {}  # for each node, its own vertex
    for node, operation in enumerate(cell.nodes):
        inner = node >= cell.base
        parents = tuple(read[c] for c in children(node, cell.base)) if inner else (0,)
        own[node] = read[node] = len(vertices)
        kind = "inner node" if inner else "leaf: W x and U h"
        vertices.append(Vertex(str(node), _label(*operation), kind, parents))
        if node == cell.inject_at:
            read[node] = len(vertices)
            vertices.append(Vertex("inject", _label(*cell.inject), "inject", (1, own[node])))
    memory, root = own[cell.memory_from], read[len(cell.nodes) - 1]
    vertices.append(Vertex("cₜ", f"{cell.memory_from} before activation", "output", (memory,)))
    vertices.append(Vertex("hₜ", "", "output", (root,)))
    return tuple(vertices)


def _label(combination: str, activation: str) -> str:
    return f"{SIGNS[combination]} {activation}"
