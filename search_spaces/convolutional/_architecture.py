"""The description of a convolutional network: its layers and what feeds each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from search_spaces._architecture import Architecture, check_keys, whole_number
from search_spaces._errors import InvalidArchitecture
from search_spaces._graph import canonical_order

Numbers = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class ConvolutionalLayer:
    """One convolution: its filters, and the layers that feed it.

    Attributes:
        filter_height: Height of the filters, odd, in pixels.
        filter_width: Width of the filters, odd, in pixels.
        stride_height: Vertical stride, in pixels.
        stride_width: Horizontal stride, in pixels.
        filters: Number of filters, the output channels.
        inputs: Earlier layers, counted from 1, whose outputs are joined; empty for the image.
    """

    filter_height: int
    filter_width: int
    stride_height: int
    stride_width: int
    filters: int
    inputs: tuple[int, ...] = ()

    @property
    def numbers(self) -> Numbers:
        """All fields except the inputs, in the order of the decisions."""
        return (
            self.filter_height,
            self.filter_width,
            self.stride_height,
            self.stride_width,
            self.filters,
        )


FIELDS = ("filter_height", "filter_width", "stride_height", "stride_width", "filters", "inputs")
LARGEST = (99, 99, 99, 99, 65_536)  # of each number, in any architecture
MAX_LAYERS = 256
MAX_BLOCK = 16  # convolutions that a layer stands for


@dataclass(frozen=True)
class ConvolutionalArchitecture(Architecture):
    """Convolutional layers in an order in which each comes after its inputs.

    Attributes:
        layers: Layers in order.
        pooling: Layers before the last after which everything is halved. This is a setting of the
            space, so a dictionary omits it, and :meth:`ConvolutionalSpace.parse` restores it.

    Example:
        >>> layer = ConvolutionalLayer(3, 3, 1, 1, 36)
        >>> ConvolutionalArchitecture((layer,)).to_dict()["layers"][0]["filters"]
        36
    """

    layers: tuple[ConvolutionalLayer, ...]
    pooling: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        reached = tuple(number for number in self.pooling if number < len(self.layers))
        object.__setattr__(self, "pooling", reached)

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"space": "convolutional", "layers": [{"filter_height": 3, …}, …]}``."""
        return {
            "space": "convolutional",
            "layers": [
                dict(zip(FIELDS, (*layer.numbers, list(layer.inputs)), strict=True))
                for layer in self.layers
            ],
        }

    def canonical(self) -> ConvolutionalArchitecture:
        """Return the same network with its layers numbered in canonical order.

        Networks have equal forms if they differ only in the numbering of their layers. Networks
        that compute the same otherwise keep different forms: two equal kernels with 24 and 48
        filters, and two with 36 and 36, that read and are read alike. Pooling divides the layers
        into stages, and a layer stays in its own: stages come first in the labels, so they come
        first in the order.
        """
        labels = [(self.stage(n), *layer.numbers) for n, layer in enumerate(self.layers, start=1)]
        parents = [[i - 1 for i in layer.inputs] for layer in self.layers]
        order = canonical_order(labels, parents)
        number = {old: new + 1 for new, old in enumerate(order)}
        return ConvolutionalArchitecture(
            tuple(
                replace(self.layers[old], inputs=tuple(sorted(number[p] for p in parents[old])))
                for old in order
            ),
            self.pooling,
        )

    def stage(self, layer: int) -> int:
        """Return the number of times that everything is halved before a layer."""
        return sum(number < layer for number in self.pooling)

    @property
    def loose_ends(self) -> tuple[int, ...]:
        """The layers that no other layer reads; the classifier reads them joined."""
        used = {source for layer in self.layers for source in layer.inputs}
        return tuple(n for n in range(1, len(self.layers) + 1) if n not in used)


def more(filters: int, add: int, scale: float) -> int:
    """Return so many times the filters, and some more; at least one.

    Example:
        >>> more(24, add=40, scale=1.0), more(25, add=0, scale=1.5)
        (64, 38)
    """
    return max(1, round(scale * filters)) + add


def parse_architecture(
    description: Mapping[str, Any], pooling: tuple[int, ...]
) -> ConvolutionalArchitecture:
    """Return the network of a dictionary, checking its form.

    Args:
        description: Dictionary in the form of :meth:`ConvolutionalArchitecture.to_dict`.
        pooling: Layers after which everything is halved.

    Raises:
        InvalidArchitecture: If something is wrong; the message names the first thing.
    """
    check_keys(description, ("space", "layers"), "the architecture")
    if description["space"] != "convolutional":
        raise InvalidArchitecture(f"space is {description['space']!r}, expected 'convolutional'")
    layers = description["layers"]
    if not isinstance(layers, list) or not 1 <= len(layers) <= MAX_LAYERS:
        raise InvalidArchitecture(f"layers must be a list of 1 to {MAX_LAYERS} layers")
    return ConvolutionalArchitecture(
        tuple(_parse_layer(number, layer) for number, layer in enumerate(layers, start=1)),
        pooling,
    )


def _parse_layer(number: int, layer: Any) -> ConvolutionalLayer:
    what = f"layer {number}"
    check_keys(layer, FIELDS, what)
    height, width, down, right, filters = (
        whole_number(layer[field], most, f"{what} {field}")
        for field, most in zip(FIELDS, LARGEST, strict=False)
    )
    if height % 2 == 0 or width % 2 == 0:
        raise InvalidArchitecture(f"{what} has an even filter size, expected odd ones")
    inputs = layer["inputs"]
    if not isinstance(inputs, list):
        raise InvalidArchitecture(f"{what} inputs must be a list of earlier layers")
    sources = tuple(sorted(whole_number(source, number - 1, f"{what} input") for source in inputs))
    if len(set(sources)) < len(sources):
        raise InvalidArchitecture(f"{what} inputs are {inputs}, one stands twice")
    return ConvolutionalLayer(height, width, down, right, filters, sources)
