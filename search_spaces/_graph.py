"""The canonical numbering of a labelled directed acyclic graph.

Two graphs that differ only in how their vertices are numbered get the same numbering, by
individualisation and refinement with pruning by automorphisms (McKay & Piperno 2014,
"Practical graph isomorphism, II", 1301.1493, section 2), small enough for networks of tens of
layers.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

Colours = list[int]  # one per vertex; vertices of equal colour are not distinguished so far
Certificate = tuple[tuple[Any, tuple[int, ...]], ...]  # label and parents, in canonical order


def canonical_order(
    labels: Sequence[Hashable], parents: Sequence[Sequence[int]]
) -> tuple[int, ...]:
    """Order the vertices so that parents come first and equal graphs become equal.

    Args:
        labels: Label of each vertex; the labels of a graph must be comparable.
        parents: Vertices that feed each vertex, without cycles.

    Returns:
        The old numbers in their new order.

    Example:
        >>> canonical_order("ba", [[], []]), canonical_order("ab", [[], []])
        ((1, 0), (0, 1))
    """
    graph = _Graph(labels, parents)
    return _search(graph, graph.refine(_ranks(list(labels))))[1]


class _Graph:
    def __init__(self, labels: Sequence[Any], parents: Sequence[Sequence[int]]):
        self.labels = labels
        self.parents = [tuple(p) for p in parents]
        self.children: list[list[int]] = [[] for _ in labels]
        for vertex, sources in enumerate(self.parents):
            for source in sources:
                self.children[source].append(vertex)
        self.neighbours = [
            (frozenset(p), frozenset(c)) for p, c in zip(parents, self.children, strict=True)
        ]

    def refine(self, colours: Colours) -> Colours:
        """Split colours by the colours of parents and children until nothing changes."""
        count = len(set(colours))
        while True:
            colours = _ranks(
                [
                    (
                        colours[v],
                        tuple(sorted(colours[p] for p in self.parents[v])),
                        tuple(sorted(colours[c] for c in self.children[v])),
                    )
                    for v in range(len(colours))
                ]
            )
            if (new := len(set(colours))) == count:
                return colours
            count = new

    def topological(self, colours: Colours) -> tuple[int, ...]:
        """Order the vertices: the next is the one of least colour whose parents are placed."""
        waiting = [len(p) for p in self.parents]
        ready = [v for v, count in enumerate(waiting) if count == 0]
        order = []
        while ready:
            vertex = min(ready, key=colours.__getitem__)
            ready.remove(vertex)
            order.append(vertex)
            for child in self.children[vertex]:
                waiting[child] -= 1
                if waiting[child] == 0:
                    ready.append(child)
        return tuple(order)

    def certificate(self, order: Sequence[int]) -> Certificate:
        """Return the graph as it reads in an order."""
        place = {vertex: index for index, vertex in enumerate(order)}
        return tuple(
            (self.labels[v], tuple(sorted(place[p] for p in self.parents[v]))) for v in order
        )

    def choices(self, colours: Colours) -> list[int]:
        """Return the vertices of the first colour that several share, but one of exact twins."""
        shared = next((c for c in sorted(set(colours)) if colours.count(c) > 1), None)
        if shared is None:
            return []
        twins = {
            self.neighbours[v]: v for v in reversed(range(len(colours))) if colours[v] == shared
        }
        return sorted(twins.values())


def _search(graph: _Graph, colours: Colours) -> tuple[Certificate, tuple[int, ...]]:
    """Return the least certificate below a colouring, and the order that gives it."""
    best: tuple[Certificate, tuple[int, ...]] | None = None
    firsts: set[Certificate] = set()
    for vertex in graph.choices(colours):
        branch = graph.refine(_single_out(colours, vertex))
        # A branch whose first leaf has been seen is the image of another under an automorphism.
        first = graph.certificate(graph.topological(_first_leaf(graph, branch)))
        if first in firsts:
            continue
        firsts.add(first)
        found = _search(graph, branch)
        best = found if best is None else min(best, found)
    if best is None:
        order = graph.topological(colours)
        return graph.certificate(order), order
    return best


def _first_leaf(graph: _Graph, colours: Colours) -> Colours:
    while choices := graph.choices(colours):
        colours = graph.refine(_single_out(colours, choices[0]))
    return colours


def _single_out(colours: Colours, vertex: int) -> Colours:
    return [2 * colour - (v == vertex) for v, colour in enumerate(colours)]


def _ranks(keys: Sequence[Any]) -> Colours:
    """Return each key's place among the different keys."""
    rank = {key: index for index, key in enumerate(sorted(set(keys)))}
    return [rank[key] for key in keys]
