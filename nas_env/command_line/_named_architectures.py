"""Architectures that a command line names: a file of JSON, or one of the literature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nas_env.errors import InvalidValue, UnknownName
from nas_env.files import read_json
from search_spaces import published_architecture

PUBLISHED = "published:"
V1 = "zoph_le_2017_v1"

Layers = list[dict[str, Any]]


def with_all_skips(network: Mapping[str, Any]) -> dict[str, Any]:
    """Return a convolutional network with each layer reading all that come before it."""
    return _joined(network, lambda number: [*range(1, number)])


def without_skips(network: Mapping[str, Any]) -> dict[str, Any]:
    """Return a convolutional network with each layer reading the one before it alone."""
    return _joined(network, lambda number: [number - 1] if number > 1 else [])


def _joined(network: Mapping[str, Any], inputs: Callable[[int], list[int]]) -> dict[str, Any]:
    """Return a network with other inputs of its layers, which are counted from 1."""
    layers: Layers = [
        {**layer, "inputs": inputs(number)} for number, layer in enumerate(network["layers"], 1)
    ]
    return {**network, "layers": layers}


#: The networks of the literature by name. The paper's controls have all skip connections, or none
#: (section 4.1: 5.56% and 7.97% where the found network has 5.50%).
KNOWN: Mapping[str, Callable[[], dict[str, Any]]] = {
    "zoph-v1": lambda: published_architecture(V1),
    "zoph-v1-dense": lambda: with_all_skips(published_architecture(V1)),
    "zoph-v1-chain": lambda: without_skips(published_architecture(V1)),
    "nascell": lambda: published_architecture("nascell"),
    "lstm": lambda: published_architecture("lstm"),
}


def named_architecture(text: str) -> tuple[str, dict[str, Any]]:
    """Return the short name of an architecture, and the architecture as plain JSON values.

    Args:
        text: File of JSON, or ``published:NAME``.

    Raises:
        InvalidValue: If there is no such file, or it is not JSON of an object.

    Example:
        >>> name, dense = named_architecture("published:zoph-v1-dense")
        >>> name, dense["layers"][3]["inputs"]
        ('zoph-v1-dense', [1, 2, 3])
    """
    if text.startswith(PUBLISHED):
        name = text.removeprefix(PUBLISHED)
        if name not in KNOWN:
            raise UnknownName("published architecture", name, KNOWN)
        return name, KNOWN[name]()
    path = Path(text)
    found = read_json(path)
    if not isinstance(found, dict):
        raise InvalidValue(f"{path} has a {type(found).__name__}, expected an architecture")
    return path.stem, found
