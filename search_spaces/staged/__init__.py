"""Networks in stages: convolutions whose maps are halved where the search decides."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from torch import nn

from search_spaces._architecture import Architecture
from search_spaces._decisions import Decision, Vertex
from search_spaces._errors import InvalidArchitecture, InvalidValue
from search_spaces._layered import LayeredSpace
from search_spaces._settings import above, at_least, at_most
from search_spaces._source import Normalisation, Source
from search_spaces.staged._architecture import (
    MAX_FILTERS,
    MAX_LAYERS,
    MAX_SIZE,
    StagedArchitecture,
    StagedLayer,
    parse_architecture,
)
from search_spaces.staged._graph import draw
from search_spaces.staged._network import Construction, StagedNetwork
from search_spaces.staged._source import write_source

__all__ = ["StagedArchitecture", "StagedLayer", "StagedSpace"]

POOLING = "pooling"  # the kind of the decisions about it


@dataclass(frozen=True)
class StagedSpace(LayeredSpace):
    """A chain of convolutions whose widths, filters, skip connections and poolings are decided.

    A layer's decisions are the side of its filters, their number, whether its map is halved, and
    its anchor: a yes/no decision for each earlier layer but the one before it, which is always
    read. What is read is joined in depth, as in the paper (Zoph & Le 2017, section 3.3); a map of
    an earlier stage is halved as often as what lies between. A number with a single option is not
    a decision. An episode may stop at fewer layers.

    The settings from ``whitening`` on build a network as the fastest hand-made one for CIFAR-10 is
    built (Jordan 2024, 2404.00498), which is in the space: ``airbench94`` of the published ones.

    Attributes:
        layers: Number of layers at full depth.
        filter_sizes: Options of the side of the filters, odd, in pixels.
        filters: Options of the number of filters.
        poolings: Number of layers of a network, at most, that halve the map.
        skip_connections: Predict skip connections; if not, each layer reads the one before it.
        whitening: Side in pixels of the patches that a first layer whitens, whose filters are
            fitted to the training images and not trained (section 3.1); 0 for no such layer.
        activation: Non-linearity after each normalisation, and after the whitening.
        initialisation: First weights of a convolution: ``"identity"`` passes channels on (section
            3.2), as far as there are filters; ``"random"`` is uniform, torch's own.
        norm_scales: Train the scales of batch normalisations, which stay 1 otherwise.
        last_pooling: Pooling of the last map to one number a channel.
        temperature: Number by which logits are divided.

    Example:
        >>> space = StagedSpace(layers=6)
        >>> space.length(), space.length(layers=2)
        (28, 6)
        >>> network = space.decode([1, 3, 1, *[1, 3, 0] * 1])
        >>> network.layers[0]
        StagedLayer(filter_size=3, filters=96, pool=True, skips=())
    """

    layers: int = 8
    filter_sizes: tuple[int, ...] = (1, 3, 5)
    filters: tuple[int, ...] = (32, 48, 64, 96, 128, 192, 256, 320, 384)
    poolings: int = 3
    skip_connections: bool = True
    whitening: int = 2
    activation: Literal["gelu", "relu"] = "gelu"
    initialisation: Literal["identity", "random"] = "identity"
    norm_scales: bool = False
    last_pooling: Literal["maximum", "average"] = "maximum"
    temperature: float = 9.0

    construction_fields: ClassVar[tuple[str, ...]] = Construction._fields

    def __post_init__(self) -> None:
        at_least(self, layers=1, poolings=0, whitening=0)
        at_most(self, layers=MAX_LAYERS, poolings=MAX_LAYERS, whitening=16)
        above(self, temperature=0)
        for name, most in (("filter_sizes", MAX_SIZE), ("filters", MAX_FILTERS)):
            options = getattr(self, name)
            if not options or len(set(options)) < len(options) or min(options) < 1:
                raise InvalidValue(f"{name} is {options}, expected different numbers from 1 on")
            if max(options) > most:
                raise InvalidValue(f"{name} is {options}, expected at most {most:,}")
        if any(size % 2 == 0 for size in self.filter_sizes):
            raise InvalidValue(f"filter_sizes is {self.filter_sizes}, expected odd numbers")

    # -- decisions -------------------------------------------------------------------------------
    def _decide(self) -> Iterator[Decision]:
        for layer in range(1, self.layers + 1):
            for kind, options in self._fields:
                if len(options) > 1:
                    yield Decision(f"layer {layer} {kind}", kind, options, layer)
            for source in self._candidates(layer):
                yield Decision(
                    f"layer {layer} reads layer {source}",
                    "skip connection",
                    (False, True),
                    layer,
                    source,
                    group=f"layer {layer} anchor",
                )

    @cached_property
    def _fields(self) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """The kinds of a layer's decisions with their options, in the order of its fields."""
        pool = (False, True) if self.poolings else (False,)
        return ("filter size", self.filter_sizes), ("filters", self.filters), (POOLING, pool)

    def _candidates(self, layer: int) -> range:
        """Return the earlier layers that the anchor of ``layer`` decides about."""
        return range(1, layer - 1 if self.skip_connections else 1)

    def _decisions_of(self, layer: int) -> int:
        numbers = sum(len(options) > 1 for _, options in self._fields)
        return numbers + len(self._candidates(layer))

    @cached_property
    def size(self) -> int:
        """The number of token sequences at full depth, with no more poolings than there may be."""
        others = (len(d.options) for d in self.decisions if d.kind != POOLING)
        pooled = (math.comb(self.layers, n) for n in range(min(self.poolings, self.layers) + 1))
        return math.prod(others) * sum(pooled)

    # -- the open options ------------------------------------------------------------------------
    @cached_property
    def _places(self) -> np.ndarray:
        """The places of the decisions about pooling in a sequence."""
        return np.flatnonzero([decision.kind == POOLING for decision in self.decisions])

    @cached_property
    def masks_are_static(self) -> bool:
        """True if no pooling is ever closed: there are none, or as many as layers."""
        return not 0 < self.poolings < self.layers

    def open_mask(self, tokens: np.ndarray) -> np.ndarray:
        """Close a pooling where the prefix has as many as there may be: bool (m, max_options)."""
        mask, place = super().open_mask(tokens), tokens.shape[1]
        if place in self._places:
            pooled = tokens[:, self._places[self._places < place]].sum(axis=1)
            mask[pooled >= self.poolings, 1] = False
        return mask

    # -- tokens and architectures ----------------------------------------------------------------
    def decode(self, tokens: Sequence[int]) -> StagedArchitecture:
        """Return the network of a sequence that ends with any layer."""
        self.check_tokens(tokens)
        remaining = iter(int(token) for token in tokens)
        layers = []
        for number in range(1, self._depth_of(len(tokens)) + 1):
            fields = [
                options[next(remaining) if len(options) > 1 else 0] for _, options in self._fields
            ]
            skips = tuple(source for source in self._candidates(number) if next(remaining))
            layers.append(StagedLayer(*fields, skips=skips))
        return StagedArchitecture(tuple(layers))

    def encode(self, architecture: Architecture) -> tuple[int, ...]:
        """Return the tokens of a network that this space can express."""
        if not isinstance(architecture, StagedArchitecture):
            raise InvalidArchitecture(
                f"expected a StagedArchitecture, got {type(architecture).__name__}"
            )
        layers = architecture.layers
        if not 1 <= len(layers) <= self.layers:
            raise InvalidArchitecture(f"{len(layers)} layers, this space has 1 to {self.layers}")
        pooled = sum(layer.pool for layer in layers)
        if pooled > self.poolings:
            raise InvalidArchitecture(f"{pooled} layers pool, this space has {self.poolings}")
        return tuple(
            token
            for number, layer in enumerate(layers, start=1)
            for token in self._encode_layer(number, layer)
        )

    def _encode_layer(self, number: int, layer: StagedLayer) -> Iterator[int]:
        values = (layer.filter_size, layer.filters, layer.pool)
        for (kind, options), value in zip(self._fields, values, strict=True):
            if value not in options:
                raise InvalidArchitecture(
                    f"layer {number} {kind} is {value}, this space has {list(options)}"
                )
            if len(options) > 1:
                yield options.index(value)
        candidates = self._candidates(number)
        if not set(layer.skips) <= set(candidates):
            raise InvalidArchitecture(
                f"layer {number} skips are {list(layer.skips)}, which this space cannot choose"
            )
        yield from (int(source in layer.skips) for source in candidates)

    def parse(self, description: Mapping[str, Any]) -> StagedArchitecture:
        """Return the network of a dictionary, see :meth:`StagedArchitecture.to_dict`."""
        return parse_architecture(description)

    # -- networks --------------------------------------------------------------------------------
    @property
    def _construction(self) -> Construction:
        return Construction(
            self.whitening,
            self.activation,
            self.initialisation,
            self.norm_scales,
            self.last_pooling,
            self.temperature,
        )

    def graph(self, architecture: Architecture) -> tuple[Vertex, ...]:
        """Return the image, the whitened patches, the layers and the classifier."""
        assert isinstance(architecture, StagedArchitecture)
        return draw(architecture, self.whitening, self.last_pooling)

    def _drawn_modules(self, child: nn.Module) -> Sequence[Sequence[nn.Module]]:
        assert isinstance(child, StagedNetwork)
        patches = [] if child.whitening is None else [[child.whitening]]
        return [*patches, *([layer] for layer in child.layers), [child.classifier]]

    def _build(
        self, architecture: StagedArchitecture, input_shape: tuple[int, ...], outputs: int
    ) -> nn.Module:
        channels, *sides = input_shape
        if min(sides) < self.whitening:
            raise InvalidValue(
                f"whitening is {self.whitening} pixels, images have {'x'.join(map(str, sides))}"
            )
        return StagedNetwork(architecture, self._construction, channels, outputs)

    def _write_source(
        self,
        architecture: StagedArchitecture,
        input_shape: tuple[int, ...],
        outputs: int,
        normalisation: Normalisation,
    ) -> Source:
        return write_source(architecture, self._construction, input_shape, outputs, normalisation)
