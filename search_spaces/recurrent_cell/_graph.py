"""The boxes and arrows of a recurrent cell."""

from __future__ import annotations

from search_spaces._decisions import Vertex
from search_spaces.recurrent_cell._cell import RecurrentCell
from search_spaces.recurrent_cell._tree import children

SIGNS = {"add": "+", "elem_mult": "×", "max": "max"}


INPUTS = Vertex("xₜ, hₜ₋₁", "", "input"), Vertex("cₜ₋₁", "", "input")
LEAF = "leaf: W x and U h"
OPEN = "to come"  # the kind of such a node


def cell_graph(cell: RecurrentCell) -> tuple[Vertex, ...]:
    """Return the inputs, the nodes with the injection among them, and the outputs."""
    vertices = [*INPUTS]
    read: dict[int, int] = {}  # for each node, the vertex that its readers read
    own: dict[int, int] = {}  # for each node, its own vertex
    for node, operation in enumerate(cell.nodes):
        inner = node >= cell.base
        parents = tuple(read[c] for c in children(node, cell.base)) if inner else (0,)
        own[node] = read[node] = len(vertices)
        kind = "inner node" if inner else LEAF
        vertices.append(Vertex(str(node), _label(*operation), kind, parents))
        if node == cell.inject_at:
            read[node] = len(vertices)
            vertices.append(Vertex("inject", _label(*cell.inject), "inject", (1, own[node])))
    memory, root = own[cell.memory_from], read[len(cell.nodes) - 1]
    vertices.append(Vertex("cₜ", f"{cell.memory_from} before activation", "output", (memory,)))
    vertices.append(Vertex("hₜ", "", "output", (root,)))
    return tuple(vertices)


def tree_graph(cell: RecurrentCell, known: int) -> tuple[Vertex, ...]:
    """Return the inputs, the nodes and the output of a cell whose memory is not decided yet.

    Args:
        cell: The cell.
        known: Number of nodes that are decided; the others are empty boxes.
    """
    vertices = [*INPUTS]
    for node, operation in enumerate(cell.nodes):
        inner = node >= cell.base
        parents = tuple(len(INPUTS) + c for c in children(node, cell.base)) if inner else (0,)
        kind = ("inner node" if inner else LEAF) if node < known else OPEN
        label = _label(*operation) if node < known else ""
        vertices.append(Vertex(str(node), label, kind, parents))
    return (*vertices, Vertex("hₜ", "", "output", (len(vertices) - 1,)))


def _label(combination: str, activation: str) -> str:
    return f"{SIGNS[combination]} {activation}"
