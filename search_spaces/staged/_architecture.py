"""The description of a staged network: a chain of layers, some of which halve the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from search_spaces._architecture import Architecture, check_keys, whole_number
from search_spaces._errors import InvalidArchitecture

FIELDS = ("filter_size", "filters", "pool", "skips")
MAX_LAYERS = 64
MAX_SIZE, MAX_FILTERS = 99, 65_536


@dataclass(frozen=True)
class StagedLayer:
    """One convolution, and what it reads beside the layer before it.

    Attributes:
        filter_size: Side of the square filters, odd, in pixels.
        filters: Number of filters, the output channels.
        pool: Whether the map is halved after the convolution.
        skips: Earlier layers, counted from 1, that are read beside the one before.
    """

    filter_size: int
    filters: int
    pool: bool = False
    skips: tuple[int, ...] = ()


@dataclass(frozen=True)
class StagedArchitecture(Architecture):
    """Layers, each of which reads the one before it; poolings divide them into stages.

    Attributes:
        layers: Layers in order.

    Example:
        >>> StagedArchitecture((StagedLayer(3, 64, True),)).to_json()[20:]
        '"layers": [{"filter_size": 3, "filters": 64, "pool": true, "skips": []}]}'
    """

    layers: tuple[StagedLayer, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"space": "staged", "layers": [{"filter_size": 3, …, "skips": []}, …]}``."""
        layers = [{**asdict(layer), "skips": list(layer.skips)} for layer in self.layers]
        return {"space": "staged", "layers": layers}

    def canonical(self) -> StagedArchitecture:
        """Return the architecture itself: the chain leaves one way to number the layers."""
        return self

    def stage(self, layer: int) -> int:
        """Return the number of times that the map has been halved before a layer."""
        return sum(earlier.pool for earlier in self.layers[: layer - 1])


def parse_architecture(description: Mapping[str, Any]) -> StagedArchitecture:
    """Return the network of a dictionary, checking its form.

    Raises:
        InvalidArchitecture: If something is wrong; the message names the first thing.
    """
    check_keys(description, ("space", "layers"), "the architecture")
    if description["space"] != "staged":
        raise InvalidArchitecture(f"space is {description['space']!r}, expected 'staged'")
    layers = description["layers"]
    if not isinstance(layers, list) or not 1 <= len(layers) <= MAX_LAYERS:
        raise InvalidArchitecture(f"layers must be a list of 1 to {MAX_LAYERS} layers")
    return StagedArchitecture(
        tuple(_parse_layer(number, layer) for number, layer in enumerate(layers, start=1))
    )


def _parse_layer(number: int, layer: Any) -> StagedLayer:
    what = f"layer {number}"
    check_keys(layer, FIELDS, what)
    size = whole_number(layer["filter_size"], MAX_SIZE, f"{what} filter_size")
    if size % 2 == 0:
        raise InvalidArchitecture(f"{what} filter_size is {size}, expected an odd number")
    filters = whole_number(layer["filters"], MAX_FILTERS, f"{what} filters")
    pool, skips = layer["pool"], layer["skips"]
    if not isinstance(pool, bool):
        raise InvalidArchitecture(f"{what} pool is {pool!r}, expected true or false")
    if not isinstance(skips, list):
        raise InvalidArchitecture(f"{what} skips must be a list of earlier layers")
    read = tuple(sorted(whole_number(skip, number - 2, f"{what} skip") for skip in skips))
    if len(set(read)) < len(read):
        raise InvalidArchitecture(f"{what} skips are {skips}, one stands twice")
    return StagedLayer(size, filters, pool, read)
