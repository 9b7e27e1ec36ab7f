"""The convolutional networks of Zoph & Le 2017, sections 3.2 and 3.3, with skip connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar, Literal

from torch import nn

from search_spaces._architecture import Architecture
from search_spaces._decisions import Decision, Vertex
from search_spaces._errors import InvalidArchitecture, InvalidValue
from search_spaces._layered import LayeredSpace
from search_spaces._settings import at_least, at_most
from search_spaces._source import Normalisation, Source
from search_spaces.convolutional._architecture import (
    FIELDS,
    LARGEST,
    MAX_BLOCK,
    MAX_LAYERS,
    ConvolutionalArchitecture,
    ConvolutionalLayer,
    more,
    parse_architecture,
)
from search_spaces.convolutional._graph import draw
from search_spaces.convolutional._network import ConvolutionalNetwork, plan
from search_spaces.convolutional._source import ConvolutionalSource

__all__ = ["ConvolutionalArchitecture", "ConvolutionalLayer", "ConvolutionalSpace"]


@dataclass(frozen=True)
class ConvolutionalSpace(LayeredSpace):
    """Chains of convolutions with predicted skip connections (Zoph & Le 2017, sections 3.2, 3.3).

    A layer's decisions are its filter height, filter width, stride height, stride width and
    number of filters, followed by its anchor: a group of one yes/no decision per earlier layer. A
    number with a single option is not a decision. An episode may stop at fewer layers.

    Where the paper leaves something open, these choices are made: the strides are decided once per
    dimension; the anchor comes last in its layer (figure 4 can be read both ways); an anchor
    chooses among the earlier layers, never the image, which agrees with the published network. The
    settings from ``previous_layer`` on are further such choices.

    Attributes:
        layers: Number of layers at full depth.
        filter_sizes: Options of filter height and of filter width, odd, in pixels.
        filters: Options of the number of filters.
        strides: Options of stride height and of stride width; ``(1,)`` predicts none,
            ``(1, 2, 3)`` is the paper's second experiment.
        skip_connections: Predict skip connections; if not, each layer reads the one before it.
        previous_layer: Whether layer N reads layer N-1: ``"sampled"``, an ordinary skip decision,
            as the paper's text says; or ``"always"``, as in every layer of the published network.
        layer_order: Order of operations, ``"conv-norm-relu"`` or ``"norm-relu-conv"``
            (pre-activation, as in DenseNet); the paper does not say.
        zero_padding: Place of the zeros when joined outputs differ in size: around the smaller one
            (``"centre"``, symmetric under the horizontal flips of training) or after it
            (``"end"``); the paper does not say.
        pooling: Layers after which 2x2 maximum pooling halves (rounding up) the image and every
            output that is read later, so that all layers between two poolings have the same size.
            Places past the last layer are ignored. The paper's third experiment pools "at layer 13
            and layer 24" of 39 (section 4.1): ``(4, 8)`` in blocks of three, after 12 and 24, since
            no block ends at 13.
        block: Number of convolutions that a layer stands for, all with its numbers; each reads the
            inputs of the layer and the earlier convolutions of its block. The third experiment
            predicts 13 "fully connected" blocks of 3.
        block_output: Output of a block: that of the ``"last"`` convolution, or of ``"all"``,
            joined, as in DenseNet. The paper does not say; its 7.1M parameters, and 37.4M with 40
            more filters, agree best with ``"last"`` (docs/search_space.md).

    Example:
        >>> space = ConvolutionalSpace(layers=20)
        >>> space.length(), space.length(layers=6)
        (250, 33)
        >>> space.decode(space.encode(space.parse(chain := {
        ...     "space": "convolutional", "layers": [{"filter_height": 3, "filter_width": 3,
        ...     "stride_height": 1, "stride_width": 1, "filters": 36, "inputs": []}]}))
        ... ).to_dict() == chain
        True
    """

    layers: int = 6
    filter_sizes: tuple[int, ...] = (1, 3, 5, 7)
    filters: tuple[int, ...] = (24, 36, 48, 64)
    strides: tuple[int, ...] = (1,)
    skip_connections: bool = True
    previous_layer: Literal["sampled", "always"] = "sampled"
    layer_order: Literal["conv-norm-relu", "norm-relu-conv"] = "conv-norm-relu"
    zero_padding: Literal["centre", "end"] = "centre"
    pooling: tuple[int, ...] = ()
    block: int = 1
    block_output: Literal["last", "all"] = "last"

    construction_fields: ClassVar[tuple[str, ...]] = (
        "layer_order",
        "zero_padding",
        "pooling",
        "block",
        "block_output",
    )
    task_modules: ClassVar[tuple[str, ...]] = ("classifier",)

    def __post_init__(self) -> None:
        at_least(self, layers=1, block=1)
        at_most(self, layers=MAX_LAYERS, block=MAX_BLOCK)
        places = (0, *self.pooling, MAX_LAYERS + 1)
        if any(place >= later for place, later in pairwise(places)):
            raise InvalidValue(f"pooling is {self.pooling}, expected rising layers from 1 on")
        most = {"filter_sizes": LARGEST[0], "strides": LARGEST[2], "filters": LARGEST[4]}
        for name in ("filter_sizes", "filters", "strides"):
            options = getattr(self, name)
            if not options or len(set(options)) < len(options) or min(options) < 1:
                raise InvalidValue(f"{name} is {options}, expected different numbers from 1 on")
            if max(options) > most[name]:
                raise InvalidValue(f"{name} is {options}, expected at most {most[name]:,}")
        if any(size % 2 == 0 for size in self.filter_sizes):
            raise InvalidValue(f"filter_sizes is {self.filter_sizes}, expected odd numbers")

    # -- decisions -------------------------------------------------------------------------------
    def _decide(self) -> Iterator[Decision]:
        for layer in range(1, self.layers + 1):
            for field, options in self._fields():
                if len(options) > 1:
                    kind = field.replace("_", " ")
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

    def _fields(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Return each number of a layer with its options, in the order of the decisions."""
        sizes = (self.filter_sizes, self.filter_sizes, self.strides, self.strides, self.filters)
        return tuple(zip(FIELDS[:-1], sizes, strict=True))

    def _candidates(self, layer: int) -> range:
        """Return the earlier layers that the anchor of ``layer`` decides about."""
        if not self.skip_connections:
            return range(0)
        return range(1, layer - (self.previous_layer == "always"))

    def _decisions_of(self, layer: int) -> int:
        numbers = sum(len(options) > 1 for _, options in self._fields())
        return numbers + len(self._candidates(layer))

    # -- tokens and architectures ----------------------------------------------------------------
    def decode(self, tokens: Sequence[int]) -> ConvolutionalArchitecture:
        """Return the network of a sequence that ends with any layer."""
        self.check_tokens(tokens)
        remaining = iter(int(token) for token in tokens)
        layers = []
        for number in range(1, self._depth_of(len(tokens)) + 1):
            numbers = [
                options[next(remaining) if len(options) > 1 else 0] for _, options in self._fields()
            ]
            chosen = tuple(source for source in self._candidates(number) if next(remaining))
            layers.append(ConvolutionalLayer(*numbers, inputs=chosen + self._always(number)))
        return ConvolutionalArchitecture(tuple(layers), self.pooling)

    def _always(self, layer: int) -> tuple[int, ...]:
        """Return the inputs of a layer that are not decided."""
        undecided = self.skip_connections and self.previous_layer == "sampled"
        return () if undecided or layer == 1 else (layer - 1,)

    def graph(self, architecture: Architecture) -> tuple[Vertex, ...]:
        """Return the image, the layers and the classifier."""
        assert isinstance(architecture, ConvolutionalArchitecture)
        return draw(architecture, self.block)

    def _drawn_modules(self, child: nn.Module) -> Sequence[Sequence[nn.Module]]:
        assert isinstance(child, ConvolutionalNetwork)
        layers, size = list(child.layers), self.block
        blocks = [layers[first : first + size] for first in range(0, len(layers), size)]
        head = [] if child.head is None else [child.head]
        return [*blocks, [*head, child.classifier]]

    def encode(self, architecture: Architecture) -> tuple[int, ...]:
        """Return the tokens of a network that this space can express."""
        if not isinstance(architecture, ConvolutionalArchitecture):
            raise InvalidArchitecture(
                f"expected a ConvolutionalArchitecture, got {type(architecture).__name__}"
            )
        if not 1 <= len(architecture.layers) <= self.layers:
            raise InvalidArchitecture(
                f"{len(architecture.layers)} layers, this space has 1 to {self.layers}"
            )
        if architecture != replace(architecture, pooling=self.pooling):
            raise InvalidArchitecture(
                f"pooling after layers {list(architecture.pooling)}, "
                f"this space pools after {list(self.pooling)}"
            )
        tokens: list[int] = []
        for number, layer in enumerate(architecture.layers, start=1):
            tokens.extend(self._encode_layer(number, layer))
        return tuple(tokens)

    def _encode_layer(self, number: int, layer: ConvolutionalLayer) -> Iterator[int]:
        for field, options in self._fields():
            value = getattr(layer, field)
            if value not in options:
                raise InvalidArchitecture(
                    f"layer {number} {field} is {value}, this space has {list(options)}"
                )
            if len(options) > 1:
                yield options.index(value)
        candidates, always = self._candidates(number), self._always(number)
        if set(layer.inputs) - set(candidates) != set(always):
            raise InvalidArchitecture(
                f"layer {number} inputs are {list(layer.inputs)}, which this space cannot choose"
            )
        yield from (int(source in layer.inputs) for source in candidates)

    def parse(self, description: Mapping[str, Any]) -> ConvolutionalArchitecture:
        """Return the network of a dictionary, see :meth:`ConvolutionalArchitecture.to_dict`."""
        return parse_architecture(description, self.pooling)

    def widened(
        self, architecture: Architecture, add: int, scale: float
    ) -> tuple[ConvolutionalSpace, ConvolutionalArchitecture]:
        """Return a network with more filters in each layer (section 4.1), and its space."""
        assert isinstance(architecture, ConvolutionalArchitecture)
        layers = tuple(
            replace(layer, filters=more(layer.filters, add, scale)) for layer in architecture.layers
        )
        wider = replace(architecture, layers=layers)
        options = {more(filters, add, scale) for filters in self.filters}
        space = replace(self, filters=tuple(sorted(options)))
        return space, space.parse(wider.to_dict())

    def _build(
        self,
        architecture: ConvolutionalArchitecture,
        input_shape: tuple[int, ...],
        outputs: int,
    ) -> nn.Module:
        return ConvolutionalNetwork(
            plan(architecture, self.block, self.block_output),
            channels=input_shape[0],
            outputs=outputs,
            layer_order=self.layer_order,
            zero_padding=self.zero_padding,
        )

    def _write_source(
        self,
        architecture: ConvolutionalArchitecture,
        input_shape: tuple[int, ...],
        outputs: int,
        normalisation: Normalisation,
    ) -> Source:
        return ConvolutionalSource(
            plan(architecture, self.block, self.block_output),
            self.block,
            input_shape,
            outputs,
            self.layer_order,
            self.zero_padding,
            normalisation,
        ).write()
