"""The cells of NAS-Bench-201 (Dong & Yang, ICLR 2020, 2001.00326), to be trained or looked up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from search_spaces._architecture import Architecture
from search_spaces._base import SearchSpace
from search_spaces._decisions import Decision, Vertex
from search_spaces._errors import InvalidArchitecture, InvalidTokens
from search_spaces._settings import at_least, at_most
from search_spaces._source import Normalisation, Source
from search_spaces.nas_bench_201._cell import EDGE_NAMES, NASBench201Cell, parse_cell
from search_spaces.nas_bench_201._identity import EDGES, NONE, OPERATIONS
from search_spaces.nas_bench_201._network import NASBench201Network
from search_spaces.nas_bench_201._source import write_source

__all__ = ["NASBench201Cell", "NASBench201Space"]

BOXES = {
    "nor_conv_1x1": "1x1 convolution",
    "nor_conv_3x3": "3x3 convolution",
    "avg_pool_3x3": "3x3 average pooling",
}


@dataclass(frozen=True)
class NASBench201Space(SearchSpace):
    """One cell, repeated in a fixed skeleton (Dong & Yang 2020, section 2.1).

    The six decisions are the operations on the edges between the cell's four nodes, 0>1, 0>2, 1>2,
    0>3, 1>3, 2>3. It is none, a skip connection, a 1x1 or 3x3 convolution, or 3x3 average pooling.
    The benchmark's authors have trained all 15,625 cells.

    Attributes:
        cells: Number of cells in each of the three stages; the benchmark has 5.
        channels: Number of channels of the first stage, doubled in each later one; the benchmark
            has 16.

    Example:
        >>> space = NASBench201Space()
        >>> space.size
        15625
        >>> space.decode((3, 0, 3, 1, 0, 1)).to_string()
        '|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|'
    """

    cells: int = 5
    channels: int = 16

    construction_fields: ClassVar[tuple[str, ...]] = ("cells", "channels")
    task_modules: ClassVar[tuple[str, ...]] = ("classifier",)

    def __post_init__(self) -> None:
        at_least(self, cells=1, channels=1)
        at_most(self, cells=100, channels=4_096)

    def _decide(self) -> Iterator[Decision]:
        for edge in EDGE_NAMES:
            yield Decision(f"edge {edge}", "operation", OPERATIONS)

    def decode(self, tokens: Sequence[int]) -> NASBench201Cell:
        """Return the cell of six tokens."""
        self.check_tokens(tokens)
        if len(tokens) != self.length():
            raise InvalidTokens(f"{len(tokens)} tokens, expected {self.length()}")
        return NASBench201Cell.from_tokens(tuple(tokens))

    def encode(self, architecture: Architecture) -> tuple[int, ...]:
        """Return the six tokens of a cell."""
        if not isinstance(architecture, NASBench201Cell):
            raise InvalidArchitecture(
                f"expected a NASBench201Cell, got {type(architecture).__name__}"
            )
        return architecture.tokens

    def parse(self, description: Mapping[str, Any]) -> NASBench201Cell:
        """Return the cell of a dictionary in the form of :meth:`NASBench201Cell.to_dict`."""
        return parse_cell(description)

    def widened(
        self, architecture: Architecture, add: int, scale: float
    ) -> tuple[NASBench201Space, Architecture]:
        """Return the same cell in a skeleton of more channels, counted in the first stage."""
        channels = max(1, round(scale * self.channels)) + add
        return replace(self, channels=channels), architecture

    def graph_prefix(self, tokens: Sequence[int]) -> tuple[tuple[Vertex, ...], int]:
        """Return the nodes and the operations that are decided."""
        left = [NONE] * (self.length() - len(tokens))
        return self.graph(self.decode([*tokens, *left])), len(tokens)

    def graph(self, architecture: Architecture) -> tuple[Vertex, ...]:
        """Return the nodes, and boxes of the operations; a skip connection is an arrow."""
        assert isinstance(architecture, NASBench201Cell)
        vertices = [Vertex("node 0", "input of the cell", "input")]
        nodes = [0]
        operations = iter(zip(EDGES, architecture.operations, strict=True))
        for target in (1, 2, 3):
            read = []
            for (source, _), operation in (next(operations) for _ in range(target)):
                if operation == "skip_connect":
                    read.append(nodes[source])
                elif operation != "none":
                    read.append(len(vertices))
                    box = BOXES[operation]
                    vertices.append(Vertex(box, "", box, (nodes[source],)))
            nodes.append(len(vertices))
            label = "sum" if len(read) > 1 else "" if read else "zeros"
            kind = "output" if target == 3 else "node"
            vertices.append(Vertex(f"node {target}", label, kind, tuple(sorted(read))))
        return tuple(vertices)

    def published_costs(
        self, tokens: np.ndarray, input_shape: tuple[int, ...], outputs: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Count the costs of many cells as the benchmark does, with convolutions of no effect.

        The cost of an operation does not depend on the others, so the cost of a cell is the sum of
        those of its skeleton and its operations.

        Args:
            tokens: Cells, int64 (n, 6).
            input_shape: Shape of one image: channels, height, width.
            outputs: Number of classes.

        Returns:
            Parameters and FLOPs (as ``cost`` counts them), int64 (n,) each.
        """
        _, *others = EDGES
        with torch.device("meta"):
            alone = [
                self._network((operation, *("none" for _ in others)), input_shape, outputs)
                for operation in OPERATIONS
            ]
        costs = np.array([network.cost(*input_shape[1:]) for network in alone])
        skeleton = costs[NONE]
        parameters, flops = (skeleton + (costs - skeleton)[tokens].sum(axis=1)).T
        return parameters, flops

    def _build(
        self, architecture: NASBench201Cell, input_shape: tuple[int, ...], outputs: int
    ) -> nn.Module:
        return self._network(architecture.operations, input_shape, outputs)

    def _write_source(
        self,
        architecture: NASBench201Cell,
        input_shape: tuple[int, ...],
        outputs: int,
        normalisation: Normalisation,
    ) -> Source:
        return write_source(
            architecture.operations,
            self.cells,
            self.channels,
            input_shape,
            outputs,
            normalisation,
        )

    def _network(
        self, operations: Sequence[str], input_shape: tuple[int, ...], outputs: int
    ) -> NASBench201Network:
        return NASBench201Network(operations, self.cells, self.channels, input_shape[0], outputs)
