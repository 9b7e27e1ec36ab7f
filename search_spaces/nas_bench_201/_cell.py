"""The description of a cell of NAS-Bench-201: an operation on each of its six edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces._architecture import Architecture, check_keys
from search_spaces._errors import InvalidArchitecture, nearest
from search_spaces.nas_bench_201._identity import EDGES, OPERATIONS, canonical_cells

EDGE_NAMES = tuple(f"{source}>{target}" for source, target in EDGES)


@dataclass(frozen=True)
class NASBench201Cell(Architecture):
    """A cell of four nodes (Dong & Yang 2020, section 2.1); a node is the sum of its edges.

    Attributes:
        operations: Operation of each edge, in the order 0>1, 0>2, 1>2, 0>3, 1>3, 2>3; node 0 is
            the cell's input, node 3 its output.

    Example:
        >>> text = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|nor_conv_3x3~1|none~2|"
        >>> cell = NASBench201Cell.from_string(text)
        >>> cell.operations[:3]
        ('nor_conv_3x3', 'none', 'none')
        >>> cell.to_string() == text
        True
    """

    operations: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.operations) != len(EDGES):
            raise InvalidArchitecture(f"{len(self.operations)} operations, expected {len(EDGES)}")
        for edge, operation in zip(EDGE_NAMES, self.operations, strict=True):
            if operation not in OPERATIONS:
                raise InvalidArchitecture(
                    f"edge {edge} is {operation!r}: {nearest(str(operation), OPERATIONS)}"
                )

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"space": "nas_bench_201", "edges": {"0>1": "none", …, "2>3": "none"}}``."""
        return {
            "space": "nas_bench_201",
            "edges": dict(zip(EDGE_NAMES, self.operations, strict=True)),
        }

    @property
    def tokens(self) -> tuple[int, ...]:
        """The tokens of the six operations."""
        return tuple(OPERATIONS.index(operation) for operation in self.operations)

    @classmethod
    def from_tokens(cls, tokens: tuple[int, ...]) -> NASBench201Cell:
        """Return the cell of six valid tokens."""
        return cls(tuple(OPERATIONS[token] for token in tokens))

    def canonical(self) -> NASBench201Cell:
        """Return the cell that stands for this one and its twins: 5,554 stand for all 15,625.

        Cells with equal canonical forms are equal in exact arithmetic, as functions of the input
        and of the weights. These differences are removed:

        - operations that do not reach the output, and skipping and pooling of zeros;
        - the numbering of nodes 1 and 2;
        - skip connections: what a node only passes on is read at its source;
        - average pooling of a sum, which is the sum of the pooled terms, and of a convolution of
          zeros, which has one value a channel.

        These differences stay, since the cells differ as functions: a convolution of zeros is not
        zero (the bias of its normalisation is learnt), and its size counts; one convolution that
        two nodes share is not two convolutions with weights of their own; a convolution of a
        doubled input differs by the epsilon of its normalisation.

        The authors count 6,466 by the cells' expressions (NATS-Bench, 2009.00437, table 1). These
        distinguish empty terms and operations on a sum, but not a shared convolution from separate
        ones.
        """
        return self.from_tokens(canonical_cells()[self.tokens])

    # -- the form of the benchmark ---------------------------------------------------------------
    def to_string(self) -> str:
        """Return the benchmark's own form, a part per node: ``|op~0|+|op~0|op~1|+…``."""
        items = iter(zip(self.operations, EDGES, strict=True))
        nodes = [[next(items) for _ in range(target)] for target in (1, 2, 3)]
        return "+".join(
            "|" + "".join(f"{operation}~{source}|" for operation, (source, _) in node)
            for node in nodes
        )

    @classmethod
    def from_string(cls, text: str) -> NASBench201Cell:
        """Read a cell from the benchmark's own form.

        Raises:
            InvalidArchitecture: If the text is no cell, or an edge is repeated or missing.
        """
        edges: dict[str, str] = {}
        for target, node in enumerate(str(text).strip().split("+"), start=1):
            for item in node.strip("|").split("|"):
                operation, _, source = item.partition("~")
                edge = f"{source}>{target}"
                if edge in edges:
                    raise InvalidArchitecture(f"edge {edge} stands twice")
                edges[edge] = operation
        return parse_cell({"space": "nas_bench_201", "edges": edges})


def parse_cell(description: Mapping[str, Any]) -> NASBench201Cell:
    """The cell of a dictionary as :meth:`NASBench201Cell.to_dict` gives it.

    Raises:
        InvalidArchitecture: If something is wrong; the message names the first thing.
    """
    check_keys(description, ("space", "edges"), "the architecture")
    if description["space"] != "nas_bench_201":
        raise InvalidArchitecture(f"space is {description['space']!r}, expected 'nas_bench_201'")
    check_keys(description["edges"], EDGE_NAMES, "edges")
    return NASBench201Cell(tuple(description["edges"][edge] for edge in EDGE_NAMES))
