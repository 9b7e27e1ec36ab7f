"""The rows of a layered layout: the row of each vertex, and its place in the row.

After Sugiyama, Tagawa & Toda 1981, "Methods for visual understanding of hierarchical system
structures": a line that spans several rows gets a bend in each; rows are ordered by the mean
place of their neighbours, and by swaps (Gansner et al. 1993, "A technique for drawing directed
graphs"), then moved as near to their neighbours as the gaps allow.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from itertools import pairwise

from nas_env.drawing._layout import consumers, depths
from search_spaces import Vertex

GAP = 0.16  # inches between the boxes of a row
BEND = 0.12  # the room that a passing line takes
ORDERING, SWAPPING, PLACING = 8, 4, 25  # sweeps; the last runs down and straightens lines


class Rows:
    """The rows of vertices and bends, and the place of each in its row.

    Attributes:
        level: Row of each node: the vertices first, then the bends.
        chains: Nodes of each edge, from the source over the bends to the target.
    """

    def __init__(self, vertices: Sequence[Vertex], width: float):
        self.level = levels(vertices)
        self.widths = [width] * len(vertices)
        self.chains = [
            self._chain(parent, index)
            for index, vertex in enumerate(vertices)
            for parent in vertex.parents
        ]
        self.neighbours: list[list[int]] = [[] for _ in self.level]
        for upper, lower in (pair for chain in self.chains for pair in pairwise(chain)):
            self.neighbours[upper].append(lower)
            self.neighbours[lower].append(upper)
        self.rows: list[list[int]] = [[] for _ in range(1 + max(self.level))]
        for node, row in enumerate(self.level):
            self.rows[row].append(node)
        self.x = [0.0] * len(self.level)
        order = _walk(vertices)
        source = [*range(len(vertices)), *(c[0] for c in self.chains for _ in c[1:-1])]
        for row in self.rows:
            row.sort(key=lambda node: order[source[node]])

    def _chain(self, source: int, target: int) -> list[int]:
        bends = range(self.level[source] + 1, self.level[target])
        first = len(self.level)
        self.level.extend(bends)
        self.widths.extend([BEND] * len(bends))
        return [source, *range(first, first + len(bends)), target]

    def arrange(self) -> None:
        """Order each row so that few lines cross, then place it near to its neighbours."""
        self._number()
        best, fewest = [list(row) for row in self.rows], self._crossings()
        for sweep in range(ORDERING):
            self._sweep(sweep % 2 == 0, (-1 if sweep % 2 == 0 else 1,), order=True)
            if (crossings := self._crossings()) < fewest:
                best, fewest = [list(row) for row in self.rows], crossings
        self.rows = [list(row) for row in best]
        self._swap_neighbours()
        self._number()
        for sweep in range(PLACING):
            down, last = sweep % 2 == 0, sweep == PLACING - 1
            self._sweep(down, (-1,) if last else (-1, 1))

    def _number(self) -> None:
        """Place each row by the order in it alone."""
        for row in self.rows:
            self._spread(row, [float(place) for place in range(len(row))])

    def _sweep(self, down: bool, sides: Sequence[int], order: bool = False) -> None:
        """Place the rows one after the other, down or up, and order each before that."""
        for row in self.rows if down else reversed(self.rows):
            wish = {node: self._wish(node, sides) for node in row}
            if order:
                row.sort(key=wish.__getitem__)
            self._spread(row, [wish[node] for node in row])

    def _crossings(self) -> int:
        """Return the number of pairs of lines that cross."""
        place = self._places()
        crossings = 0
        for row in self.rows:
            seen: list[int] = []
            for node in row:
                ends = [place[n] for n in self.neighbours[node] if self.level[n] < self.level[node]]
                crossings += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return crossings

    def _places(self) -> dict[int, int]:
        return {node: place for row in self.rows for place, node in enumerate(row)}

    def _swap_neighbours(self) -> None:
        """Swap what stands side by side as long as lines cross less then."""
        place = self._places()
        for row in self.rows * SWAPPING:
            for left in range(len(row) - 1):
                one, other = row[left : left + 2]
                if self._pair(one, other, place) > self._pair(other, one, place):
                    row[left : left + 2] = other, one
                    place[one], place[other] = place[other], place[one]

    def _pair(self, left: int, right: int, place: Mapping[int, int]) -> int:
        """Return how often the lines of two nodes of a row cross each other."""
        return sum(
            self.level[a] == self.level[b] and place[a] > place[b]
            for a in self.neighbours[left]
            for b in self.neighbours[right]
        )

    def _wish(self, node: int, sides: Sequence[int]) -> float:
        """Return the mean place of the neighbours above (-1), below (1), or on both sides."""
        places = [
            self.x[other]
            for other in self.neighbours[node]
            if self.level[other] - self.level[node] in sides
        ]
        return sum(places) / len(places) if places else self.x[node]

    def _spread(self, row: list[int], wish: Sequence[float]) -> None:
        """Move a row as near to its wished places as the gaps allow (least squares, by pooling)."""
        offsets = [0.0]
        for left, right in pairwise(row):
            offsets.append(offsets[-1] + (self.widths[left] + self.widths[right]) / 2 + GAP)
        blocks: list[tuple[float, int]] = []  # mean place, nodes
        for place, offset in zip(wish, offsets, strict=True):
            block = (place - offset, 1)
            while blocks and blocks[-1][0] > block[0]:
                mean, count = blocks.pop()
                total = count + block[1]
                block = ((mean * count + block[0] * block[1]) / total, total)
            blocks.append(block)
        places = [mean for mean, count in blocks for _ in range(count)]
        for node, place, offset in zip(row, places, offsets, strict=True):
            self.x[node] = place + offset


def levels(vertices: Sequence[Vertex]) -> list[int]:
    """Return the row of each vertex: its depth, except at both ends.

    What reads nothing stands just above its first reader, and the last output in the last row.
    """
    result = depths(vertices)
    if vertices[-1].kind == "output":
        result[-1] = max(result)
    for index, targets in enumerate(consumers(vertices)):
        if targets and not vertices[index].parents:
            result[index] = min(result[target] for target in targets) - 1
    return result


def _walk(vertices: Sequence[Vertex]) -> list[float]:
    """Return numbers by which a tree is drawn as it is written: what is read first, stands left.

    What nothing reads stands beside the readers of what it reads itself, but for the last one,
    from which the walk begins.
    """
    order = [-1.0] * len(vertices)
    visited = 0
    waiting = [(len(vertices) - 1, False)]
    while waiting:
        vertex, read = waiting.pop()
        if read:
            order[vertex] = visited = visited + 1
        elif order[vertex] < 0:
            order[vertex] = 0
            waiting.append((vertex, True))
            waiting.extend((parent, False) for parent in reversed(vertices[vertex].parents))
    for vertex, place in enumerate(order):
        if place < 0:
            read = [order[parent] for parent in vertices[vertex].parents]
            order[vertex] = max(read, default=visited) + 0.5
    return order
