"""Checks that what was exported gives the same outputs as the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from nas_env.errors import ExportDiffers, InvalidValue, NASError
from nas_env.handover._loaded import one_line
from nas_env.handover._settings import Settings
from nas_env.handover.preprocessing import ImagePreprocessing, Preprocess

COUNTS = (2, 1, 3)  # examples of a batch; the first is what a program is exported with
SEED = 0
EXACT = 1e-6  # of the largest output, where that is more than 1
CLOSE = 1e-4  # the same, for another library's kernels

Inputs = tuple[Any, ...]
Call = Callable[..., Any]


class Examples:
    """Random inputs of a network, and the outputs that it gives for them.

    Args:
        network: Network on the CPU.
        settings: What is known of it.
        images: Numbers of the preprocessing, if bytes go in.
    """

    def __init__(self, network: nn.Module, settings: Settings, images: ImagePreprocessing | None):
        self.inputs: list[Inputs] = []
        generator = torch.Generator().manual_seed(SEED)
        for count in COUNTS:
            if images:
                self.inputs.append((images.examples(count, generator),))
            else:
                shape = settings.input_shape
                self.inputs.append(settings.space.examples(network, shape, count, generator))
        self.reference = nn.Sequential(Preprocess(images), network) if images else network
        self.reference.eval()
        with torch.no_grad():
            self.outputs = [self.reference(*inputs) for inputs in self.inputs]

    def check(self, what: str, call: Call, tolerance: float = EXACT) -> None:
        """Check that a call gives the network's outputs.

        Raises:
            ExportDiffers: If it does not; the message says by how much.
        """
        for inputs, outputs in zip(self.inputs, self.outputs, strict=True):
            try:
                with torch.no_grad():
                    found = list(tensors(call(*inputs)))
            except Exception as error:
                raise ExportDiffers(f"{what} cannot be run: {one_line(error)}") from error
            check_equal(what, list(tensors(outputs)), found, tolerance)


def check_equal(what: str, expected: list[Tensor], found: list[Tensor], tolerance: float) -> None:
    """Check that tensors are equal up to a tolerance.

    Raises:
        ExportDiffers: If they are not.
    """
    if [x.shape for x in expected] != [x.shape for x in found]:
        shapes = [[tuple(x.shape) for x in each] for each in (expected, found)]
        raise ExportDiffers(f"{what} gives outputs of shapes {shapes[1]}, expected {shapes[0]}")
    for one, other in zip(expected, found, strict=True):
        scale = max(1.0, one.abs().max().item())
        difference = (one - other).abs().max().item() / scale
        if not difference <= tolerance:  # a NaN is no agreement
            raise ExportDiffers(
                f"{what} gives other outputs than the network: they differ by "
                f"{difference:.1e}, expected at most {tolerance:.0e}"
            )


def check_fits(network: nn.Module, settings: Settings) -> None:
    """Check that a network has the parameters of its architecture.

    Raises:
        InvalidValue: If it has not; the message names the first that differs.
    """
    with torch.device("meta"):
        expected = shapes(settings.build())
    found = shapes(network)
    for name in {**expected, **found}:
        if expected.get(name) != found.get(name):
            raise InvalidValue(
                f"the network is not of this architecture: {name} is "
                f"{found.get(name, 'missing')}, expected {expected.get(name, 'nothing')}"
            )


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all weights by their names."""
    return {name: tuple(weights.shape) for name, weights in network.state_dict().items()}


def check_finite(network: nn.Module) -> None:
    """Check that all weights are finite.

    Raises:
        NASError: If one is not; the message names the first.
    """
    for name, weights in network.state_dict().items():
        if not torch.isfinite(weights).all():
            raise NASError(f"the network has weights that are not finite, as in {name}")


def tensors(value: Any) -> Iterator[Tensor]:
    """Yield the tensors of nested tuples and lists in order."""
    if isinstance(value, Tensor):
        yield value
    else:
        for item in value:
            yield from tensors(item)
