"""Spaces of networks in layers, whose episodes may stop after any layer."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from numbers import Integral

import torch
from torch import Tensor, nn

from search_spaces._architecture import Architecture
from search_spaces._base import SearchSpace
from search_spaces._decisions import Vertex
from search_spaces._errors import InvalidTokens, InvalidValue


class LayeredSpace(SearchSpace):
    """The base of spaces that decide one layer after the other.

    No dataclass itself: the field is a member's own, so that it is listed in its order.
    """

    layers: int

    @abstractmethod
    def _decisions_of(self, layer: int) -> int:
        """Return the number of decisions of a layer, counted from 1."""

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        """The length of the sequences that end with each layer, in the order of the layers."""
        return tuple(accumulate(self._decisions_of(n) for n in range(1, self.layers + 1)))

    @property
    def depth(self) -> int:
        """The number of layers at full depth."""
        return self.layers

    def length(self, layers: int | None = None) -> int:
        """Return the number of decisions of an episode of ``layers`` layers, or at full depth."""
        depth = self.layers if layers is None else layers
        whole = isinstance(depth, Integral) and not isinstance(depth, bool)
        if not whole or not 1 <= depth <= self.layers:
            raise InvalidValue(f"layers is {layers}, expected 1 to {self.layers}")
        return self._ends[depth - 1]

    def _depth_of(self, length: int) -> int:
        """Return the layers of a sequence of some length, which ends with a layer."""
        depths = {end: n for n, end in enumerate(self._ends, start=1)}
        if length not in depths:
            raise InvalidTokens(
                f"{length} tokens do not end with a layer, expected one of {sorted(depths)}"
            )
        return depths[length]

    def decode_prefix(self, tokens: Sequence[int]) -> tuple[Architecture | None, int]:
        """Return the layers that are complete so far, and the number of their tokens."""
        depth = sum(end <= len(tokens) for end in self._ends)
        if depth == 0:
            return None, 0
        used = self._ends[depth - 1]
        return self.decode(tokens[:used]), used

    # -- drawings --------------------------------------------------------------------------------
    def _drawn_modules(self, child: nn.Module) -> Sequence[Sequence[nn.Module]]:
        """Return the modules of each box of the drawing but the first, the image's.

        The last of a box's modules gives its output. A space that says nothing has drawings
        without shapes and parameters.
        """
        return ()

    def sized_graph(
        self, architecture: Architecture, input_shape: tuple[int, ...], outputs: int
    ) -> tuple[Vertex, ...]:
        """Return :meth:`graph` with the output's shape and the parameters of each box."""
        vertices = self.graph(architecture)
        with torch.device("meta"):  # nothing is allocated
            child = self._build(architecture, input_shape, outputs).eval()
        drawn = self._drawn_modules(child)
        shapes: dict[int, str] = {}
        for box, modules in enumerate(drawn, start=1):
            modules[-1].register_forward_hook(_keep(shapes, box))
        with torch.no_grad():
            self.try_out(child, input_shape)
        boxes = zip(vertices[1:], drawn, strict=bool(drawn))
        sized = (
            vertex._replace(shape=shapes[box], parameters=_parameters(modules))
            for box, (vertex, modules) in enumerate(boxes, start=1)
        )
        image = vertices[0]._replace(shape=_written(input_shape))
        return (image, *sized) if drawn else vertices


def _keep(shapes: dict[int, str], box: int) -> Callable[[nn.Module, object, Tensor], None]:
    """Return a hook that keeps the shape of a module's output."""

    def keep(module: nn.Module, inputs: object, output: Tensor) -> None:
        shapes[box] = _written(tuple(output.shape[1:]))

    return keep


def _written(shape: tuple[int, ...]) -> str:
    """Return a shape with the channels last, as people write it.

    Example:
        >>> _written((3, 32, 32)), _written((10,))
        ('32x32x3', '10')
    """
    channels, *sides = shape
    return "x".join(map(str, (*sides, channels)))


def _parameters(modules: Sequence[nn.Module]) -> int:
    return sum(math.prod(p.shape) for module in modules for p in module.parameters())
