"""The layers of a network with the shapes that they return, and their parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from search_spaces import Architecture, SearchSpace


class Layer(NamedTuple):
    """A part of a network.

    Attributes:
        name: The name of the part in the network.
        shape: Shape of what it returns for one example; None if it is not called.
        parameters: Number of its trainable parameters.
    """

    name: str
    shape: tuple[int, ...] | None
    parameters: int


def layers(
    space: SearchSpace, architecture: Architecture, input_shape: tuple[int, ...], outputs: int
) -> list[Layer]:
    """Return the parts of a network; nothing is allocated.

    Example:
        >>> from search_spaces import make_space
        >>> space = make_space({"name": "convolutional", "layers": 1, "filters": [6]})
        >>> network = space.decode([1, 1])
        >>> [tuple(each) for each in layers(space, network, (1, 8, 8), 10)]
        [('layer 1', (6, 8, 8), 66), ('classifier', (10,), 70)]
    """
    with torch.device("meta"):
        child = space.build(architecture, input_shape, outputs).eval()
    shapes: dict[str, tuple[int, ...]] = {}

    def remember(name: str) -> Any:
        def hook(module: nn.Module, given: Any, returned: Any) -> None:
            tensor = returned if isinstance(returned, Tensor) else returned[0]
            shapes[name] = tuple(tensor.shape[1:])

        return hook

    parts = dict(_parts(child))
    for name, part in parts.items():
        part.register_forward_hook(remember(name))
    with torch.no_grad():
        space.try_out(child, input_shape)
    return [
        Layer(name, shapes.get(name), sum(weights.numel() for weights in part.parameters()))
        for name, part in parts.items()
    ]


def _parts(network: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the parts of a network by name; those of a list are numbered from 1."""
    for name, part in network.named_children():
        if isinstance(part, nn.ModuleList):
            for number, item in enumerate(part, start=1):
                yield f"{name.removesuffix('s')} {number}", item
        else:
            yield name, part
