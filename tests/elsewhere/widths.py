"""A space: how wide each of some layers is."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod

from torch import nn

from search_spaces import (
    Architecture,
    Decision,
    InvalidArchitecture,
    InvalidTokens,
    SearchSpace,
    at_least,
)


@dataclass(frozen=True)
class Stack(Architecture):
    """Widths of layers, the first first."""

    widths: tuple[int, ...]

    def to_dict(self):
        return {"stack": list(self.widths)}

    def canonical(self):
        return self


@dataclass(frozen=True)
class Widths(SearchSpace):
    """Layers one after the other, each with a width to choose.

    Attributes:
        stages: Number of layers.
        widths: Widths that a layer may have.
    """

    stages: int = 2
    widths: tuple[int, ...] = (2, 4, 8)

    def __post_init__(self):
        at_least(self, stages=1)

    def _decide(self):
        for stage in range(1, self.stages + 1):
            yield Decision(f"width {stage}", "width", self.widths, stage)

    def decode(self, tokens):
        self.check_tokens(tokens)
        if len(tokens) != self.stages:
            raise InvalidTokens(f"{len(tokens)} tokens, expected {self.stages}")
        return Stack(tuple(self.widths[token] for token in tokens))

    def encode(self, architecture):
        known = isinstance(architecture, Stack) and len(architecture.widths) == self.stages
        if not known or not set(architecture.widths) <= set(self.widths):
            raise InvalidArchitecture(f"{architecture} is none of {self}")
        return tuple(self.widths.index(width) for width in architecture.widths)

    def parse(self, description):
        match description:
            case {"stack": list(widths)} if len(description) == 1:
                if all(type(width) is int and 0 < width < 1_000 for width in widths):
                    return Stack(tuple(widths))
        raise InvalidArchitecture('expected {"stack": [width, …]}')

    def _build(self, architecture, input_shape, outputs):
        sizes = (prod(input_shape), *architecture.widths)
        layers = [nn.Flatten()]
        for features, width in pairwise(sizes):
            layers += [nn.Linear(features, width), nn.Tanh()]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], outputs))
