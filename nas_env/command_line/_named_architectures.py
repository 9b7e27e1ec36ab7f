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


def _joined(inputs: Callable[[int], list[int]]) -> dict[str, Any]:
    """Return the published network with other inputs of its layers, counted from 1."""
    found = published_architecture(V1)
    layers: Layers = [
        {**layer, "inputs": inputs(number)} for number, layer in enumerate(found["layers"], 1)
    ]
    return {**found, "layers": layers}


#: The networks of the literature by name. The paper's controls have all skip connections, or none
#: (section 4.1: 5.56% and 7.97% where the found network has 5.50%).
KNOWN: Mapping[str, Callable[[], dict[str, Any]]] = {
    "zoph-v1": lambda: published_architecture(V1),
    "zoph-v1-dense": lambda: _joined(lambda number: [*range(1, number)]),
    "zoph-v1-chain": lambda: _joined(lambda number: [number - 1] if number > 1 else []),
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
