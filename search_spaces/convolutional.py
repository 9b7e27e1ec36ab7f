"""The convolutional networks of Zoph & Le 2017, sections 3.2 and 3.3, with skip connections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar, Literal

from torch import nn

from search_spaces._architecture import Architecture
from search_spaces._base import SearchSpace
from search_spaces._convolutional_architecture import (
    FIELDS,
    MAX_LAYERS,
    ConvolutionalArchitecture,
    ConvolutionalLayer,
    parse_architecture,
)
from search_spaces._convolutional_network import ConvolutionalNetwork
from search_spaces._decisions import Decision, Vertex
from search_spaces._errors import InvalidArchitecture, InvalidTokens, InvalidValue
from search_spaces._settings import at_least

__all__ = ["ConvolutionalArchitecture", "ConvolutionalLayer", "ConvolutionalSpace"]


@dataclass(frozen=True)
class ConvolutionalSpace(SearchSpace):
    """Chains of convolutions with predicted skip connections (Zoph & Le 2017, sections 3.2, 3.3).

    A layer's decisions are its filter height, filter width, stride height, stride width and
    number of filters, then, in one group, one yes/no decision per earlier layer: its anchor. A
    kind with a single option is no decision. An episode may stop at fewer layers.

    What the paper leaves open, and what is done here: the strides are decided once per
    dimension; the anchor comes last in its layer (its place in figure 4 can be read both ways);
    the candidates of an anchor are the earlier layers, never the image (that is how the published
    network reads); ``previous_layer``, ``layer_order`` and ``zero_padding`` as said at each.

    Attributes:
        layers: Layers at full depth.
        filter_sizes: Options of filter height and of filter width, odd, in pixels.
        filters: Options of the number of filters.
        strides: Options of stride height and of stride width; ``(1,)`` predicts none,
            ``(1, 2, 3)`` is the paper's second experiment.
        skip_connections: Predict them; if not, each layer reads the one before it.
        previous_layer: ``"sampled"``: an ordinary skip decision, as the text says;
            ``"always"``: layer N-1 always feeds layer N, as in every layer of the published net.
        layer_order: ``"conv-norm-relu"``, or ``"norm-relu-conv"`` (pre-activation, as in
            DenseNet); the paper does not say.
        zero_padding: Where the zeros go when joined outputs differ in size: around the smaller
            one (``"centre"``, symmetric under the horizontal flips of training) or behind it
            (``"end"``); the paper does not say.

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

    construction_fields: ClassVar[tuple[str, ...]] = ("layer_order", "zero_padding")

    def __post_init__(self) -> None:
        at_least(self, layers=1)
        if self.layers > MAX_LAYERS:
            raise InvalidValue(f"layers is {self.layers}, expected at most {MAX_LAYERS}")
        for name in ("filter_sizes", "filters", "strides"):
            options = getattr(self, name)
            if not options or len(set(options)) < len(options) or min(options) < 1:
                raise InvalidValue(f"{name} is {options}, expected different numbers from 1 on")
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
        """Each number of a layer with its options, in the order of the decisions."""
        sizes = (self.filter_sizes, self.filter_sizes, self.strides, self.strides, self.filters)
        return tuple(zip(FIELDS[:-1], sizes, strict=True))

    def _candidates(self, layer: int) -> range:
        """The earlier layers that the anchor of ``layer`` decides about."""
        if not self.skip_connections:
            return range(0)
        return range(1, layer - (self.previous_layer == "always"))

    def length(self, layers: int | None = None) -> int:
        """How many decisions an episode of ``layers`` layers has (default: full depth)."""
        depth = self.layers if layers is None else layers
        whole = isinstance(depth, Integral) and not isinstance(depth, bool)
        if not whole or not 1 <= depth <= self.layers:
            raise InvalidValue(f"layers is {layers}, expected 1 to {self.layers}")
        numbers = sum(len(options) > 1 for _, options in self._fields())
        return sum(numbers + len(self._candidates(n)) for n in range(1, depth + 1))

    # -- tokens and architectures ----------------------------------------------------------------
    def decode(self, tokens: Sequence[int]) -> ConvolutionalArchitecture:
        """The network of a sequence that ends with any layer."""
        self.check_tokens(tokens)
        remaining = iter(int(token) for token in tokens)
        layers = []
        for number in range(1, self._depth_of(len(tokens)) + 1):
            height, width, down, right, filters = (
                options[next(remaining) if len(options) > 1 else 0] for _, options in self._fields()
            )
            chosen = tuple(source for source in self._candidates(number) if next(remaining))
            layers.append(
                ConvolutionalLayer(
                    height, width, down, right, filters, chosen + self._always(number)
                )
            )
        return ConvolutionalArchitecture(tuple(layers))

    def _always(self, layer: int) -> tuple[int, ...]:
        """The inputs of a layer that are no decision."""
        undecided = self.skip_connections and self.previous_layer == "sampled"
        return () if undecided or layer == 1 else (layer - 1,)

    def _depth_of(self, length: int) -> int:
        lengths = {self.length(n): n for n in range(1, self.layers + 1)}
        if length not in lengths:
            raise InvalidTokens(
                f"{length} tokens do not end with a layer, expected one of {sorted(lengths)}"
            )
        return lengths[length]

    def decode_prefix(self, tokens: Sequence[int]) -> tuple[ConvolutionalArchitecture | None, int]:
        """The layers that are complete so far."""
        depth = sum(self.length(n) <= len(tokens) for n in range(1, self.layers + 1))
        if depth == 0:
            return None, 0
        used = self.length(depth)
        return self.decode(tokens[:used]), used

    def graph(self, architecture: Architecture) -> tuple[Vertex, ...]:
        """The image, the layers, the classifier."""
        assert isinstance(architecture, ConvolutionalArchitecture)
        layers = [
            Vertex(f"{number}", _label(layer), "convolution", layer.inputs or (0,))
            for number, layer in enumerate(architecture.layers, start=1)
        ]
        return (
            Vertex("image", "", "input"),
            *layers,
            Vertex("classifier", "average pool, linear", "output", architecture.loose_ends),
        )

    def encode(self, architecture: Architecture) -> tuple[int, ...]:
        """The tokens of a network that this space can express."""
        if not isinstance(architecture, ConvolutionalArchitecture):
            raise InvalidArchitecture(
                f"expected a ConvolutionalArchitecture, got {type(architecture).__name__}"
            )
        if not 1 <= len(architecture.layers) <= self.layers:
            raise InvalidArchitecture(
                f"{len(architecture.layers)} layers, this space has 1 to {self.layers}"
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
        """The network of a dictionary as :meth:`ConvolutionalArchitecture.to_dict` gives it."""
        return parse_architecture(description)

    def _build(
        self,
        architecture: ConvolutionalArchitecture,
        input_shape: tuple[int, ...],
        outputs: int,
    ) -> nn.Module:
        return ConvolutionalNetwork(
            architecture.layers,
            architecture.loose_ends,
            channels=input_shape[0],
            outputs=outputs,
            layer_order=self.layer_order,
            zero_padding=self.zero_padding,
        )


def _label(layer: ConvolutionalLayer) -> str:
    """``7x5, 48``, and the strides where there are any."""
    strides = (layer.stride_height, layer.stride_width)
    stride = "" if strides == (1, 1) else f", stride {strides[0]}x{strides[1]}"
    return f"{layer.filter_height}x{layer.filter_width}, {layer.filters}{stride}"
