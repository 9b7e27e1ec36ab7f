"""The weights from which a training starts: those of another network, as far as they fit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nas_env.errors import InvalidValue, NASError
from search_spaces import Architecture, SearchSpace


class Start(NamedTuple):
    """The weights of a trained network, in a file of safetensors.

    Attributes:
        digest: SHA-256 of the file.
        file: The file.
    """

    digest: str
    file: str

    @classmethod
    def of(cls, file: Path) -> Start:
        """Return the weights that a file holds now.

        Raises:
            NASError: If it cannot be read.
        """
        return cls(hashlib.sha256(_content(file)).hexdigest(), str(file))

    def weights(self) -> dict[str, Tensor]:
        """Return the weights by their names, on the CPU.

        Raises:
            NASError: If the file cannot be read, or holds other weights by now.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load

        content = _content(Path(self.file))
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise NASError(f"{self.file} has changed since the training that starts from it began")
        try:
            return load(content)
        except SafetensorError as error:
            raise NASError(f"{self.file} holds no weights: {error}") from None

    def give(self, child: nn.Module, space: SearchSpace) -> None:
        """Give a child the weights that fit it; the others stay as they were built."""
        child.load_state_dict(fitting(self.weights(), child, space), strict=False)

    def told(
        self,
        space: SearchSpace,
        architecture: Architecture,
        input_shape: tuple[int, ...],
        outputs: int,
    ) -> str:
        """Return a line that says how many weights fit a network.

        Raises:
            InvalidValue: If none fits.
        """
        with torch.device("meta"):
            child = space.build(architecture, input_shape, outputs)
        weights = self.weights()
        fit, own = fitting(weights, child, space), dict(child.named_parameters())
        taken = sorted(own.keys() & fit.keys())
        if not taken:
            raise InvalidValue(f"no weights of {self.file} fit: {_difference(weights, own)}")
        modules = {name.rpartition(".")[0] for name in own.keys() - fit.keys()}
        return (
            f"starts from {self.file}: {len(taken)} of {len(own)} tensors fit; "
            f"begun anew: {', '.join(sorted(modules)) or 'none'}"
        )


def fitting(
    weights: Mapping[str, Tensor], child: nn.Module, space: SearchSpace
) -> dict[str, Tensor]:
    """Return the weights whose names and shapes a child has.

    Those of the modules that are about classes or symbols are left out: another task has others,
    even where it has as many.
    """
    shapes = {name: value.shape for name, value in child.state_dict().items()}
    return {
        name: value
        for name, value in weights.items()
        if shapes.get(name) == value.shape and name.partition(".")[0] not in space.task_modules
    }


def _difference(weights: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> str:
    """Say why nothing fits, by the first tensor that both have."""
    for name, value in own.items():
        if name in weights and weights[name].shape != value.shape:
            there, here = ("x".join(map(str, x.shape)) for x in (weights[name], value))
            return f"{name} is {there} there and {here} here"
    return "the networks have no names in common"


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise NASError(f"{file} cannot be read: {error.strerror}") from None
