"""Architectures that a command line names: of the literature, a file of JSON, or a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from nas_env.command_line._subjects.folders import of_folder
from nas_env.errors import InvalidValue, UnknownName
from nas_env.files import read_json
from search_spaces import SearchSpace, published_architecture

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
    "airbench94": lambda: published_architecture("airbench94"),
    "airbench95": lambda: published_architecture("airbench95"),
    "nascell": lambda: published_architecture("nascell"),
    "lstm": lambda: published_architecture("lstm"),
}


class Named(NamedTuple):
    """An architecture that a command line names.

    Attributes:
        name: Short name.
        architecture: The architecture as plain JSON values.
        space: Search space that builds it, where that is known.
        weights: File of trained weights, where there is one.
    """

    name: str
    architecture: Mapping[str, Any]
    space: SearchSpace | None = None
    weights: Path | None = None

    def built_by(self, space: SearchSpace) -> SearchSpace:
        """Return the space that builds the network on a task with a space of its own.

        Raises:
            InvalidValue: If the network is of another kind of space.
        """
        return space if self.space is None else self.space.taken_to(space)


def named_architecture(text: str) -> Named:
    """Return an architecture by its name.

    Args:
        text: ``published:NAME``, a file of JSON, or the folder of a network or a run.

    Raises:
        InvalidValue: If there is no such file, or it is not JSON of an object.

    Example:
        >>> dense = named_architecture("published:zoph-v1-dense")
        >>> dense.name, dense.architecture["layers"][3]["inputs"]
        ('zoph-v1-dense', [1, 2, 3])
    """
    if text.startswith(PUBLISHED):
        name = text.removeprefix(PUBLISHED)
        if name not in KNOWN:
            raise UnknownName("published architecture", name, KNOWN)
        return Named(name, KNOWN[name]())
    path = Path(text)
    if path.is_dir():
        trained = of_folder(path)
        return Named(trained.name, trained.architecture.to_dict(), trained.space, trained.weights)
    found = read_json(path)
    if not isinstance(found, dict):
        raise InvalidValue(f"{path} has a {type(found).__name__}, expected an architecture")
    return Named(path.stem, found)
