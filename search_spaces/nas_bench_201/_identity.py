"""Decides which of the 15,625 cells of NAS-Bench-201 are the same network.

Skip connections and average pooling are linear and have no weights, so a node is a sum: each term
is the cell's input or the output of one convolution, pooled some number of times. A cell then
consists of its convolutions, each with the sum that it reads, and of the sum that leaves the cell.
Two cells are the same network if these agree up to the names of the convolutions; parts that do not
reach the output are ignored. Cells for which they differ compute something else: a test shows this
for all but 50 of the cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, groupby, permutations, product
from typing import Any

Tokens = tuple[int, ...]  # the operation of each edge, as an index into OPERATIONS
Sum = tuple[tuple[int, int], ...]  # (source, times pooled) of each term, sorted
Convolutions = Mapping[int, tuple[int, Sum]]  # operation and input of each, by its edge

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))  # from node, to node
NONE, SKIP, _, _, POOL = range(len(OPERATIONS))
INPUT = -1  # the source that is the cell's input; a convolution's is the number of its edge


@cache
def canonical_cells() -> Mapping[Tokens, Tokens]:
    """Return, for each cell, the one that stands for its network; takes a second, once.

    It is the cell with the fewest operations; of several, the one that uses the earliest edges.
    """

    def simplest(cell: Tokens) -> tuple[int, Tokens]:
        return sum(token != NONE for token in cell), tuple(-token for token in cell)

    representative: dict[Any, Tokens] = {}
    cells = sorted(product(range(len(OPERATIONS)), repeat=len(EDGES)), key=simplest)
    return {cell: representative.setdefault(signature(cell), cell) for cell in cells}


def signature(cell: Tokens) -> Any:
    """Return what two cells share if they are one network; it compares and hashes.

    Example:
        >>> chain_by_node_1, chain_by_node_2 = (3, 0, 0, 0, 2, 0), (0, 3, 0, 0, 0, 2)
        >>> signature(chain_by_node_1) == signature(chain_by_node_2)
        True
    """
    convolutions, output = _sums(cell)
    return min(_read_in(order, convolutions, output) for order in _orders(convolutions, output))


def _sums(cell: Tokens) -> tuple[dict[int, tuple[int, Sum]], Sum]:
    """Return the convolutions and the cell's output."""
    convolutions: dict[int, tuple[int, Sum]] = {}
    nodes: list[list[tuple[int, int]]] = [[(INPUT, 0)], [], [], []]
    for edge, ((source, target), operation) in enumerate(zip(EDGES, cell, strict=True)):
        if operation == SKIP:
            nodes[target] += nodes[source]
        elif operation == POOL:
            nodes[target] += [_pooled(term, convolutions) for term in nodes[source]]
        elif operation != NONE:
            convolutions[edge] = operation, tuple(sorted(nodes[source]))
            nodes[target].append((edge, 0))
    return convolutions, tuple(sorted(nodes[3]))


def _pooled(term: tuple[int, int], convolutions: Convolutions) -> tuple[int, int]:
    """Pool a term once more; a convolution of zeros has one value a channel, and stays."""
    source, times = term
    constant = source != INPUT and not convolutions[source][1]
    return term if constant else (source, times + 1)


def _orders(convolutions: Convolutions, output: Sum) -> Iterator[Sequence[int]]:
    """Yield the orders of the convolutions that reach the output, as far as they are open."""
    form: dict[int, Any] = {INPUT: ()}  # what a convolution computes, not which one of several
    for edge, (kind, read) in convolutions.items():
        form[edge] = kind, tuple(sorted((form[source], times) for source, times in read))
    ordered = sorted(_reaching(convolutions, output), key=form.__getitem__)
    twins = [tuple(group) for _, group in groupby(ordered, key=form.__getitem__)]
    return (tuple(chain(*order)) for order in product(*map(permutations, twins)))


def _reaching(convolutions: Convolutions, output: Sum) -> set[int]:
    """Return the convolutions that the output depends on."""
    found: set[int] = set()
    waiting = [output]
    while waiting:
        new = {source for source, _ in waiting.pop()} - found - {INPUT}
        found |= new
        waiting += [convolutions[edge][1] for edge in new]
    return found


def _read_in(order: Sequence[int], convolutions: Convolutions, output: Sum) -> Any:
    """Return the whole cell, with its convolutions named by their places in ``order``."""
    names = {INPUT: INPUT, **{edge: place for place, edge in enumerate(order)}}

    def renamed(terms: Sum) -> Sum:
        return tuple(sorted((names[source], times) for source, times in terms))

    kinds_and_sums = (convolutions[edge] for edge in order)
    return tuple((kind, renamed(read)) for kind, read in kinds_and_sums), renamed(output)
