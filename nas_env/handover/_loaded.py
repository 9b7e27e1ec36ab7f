"""Loads the network of a folder, with what is known of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nas_env.errors import InvalidValue
from nas_env.handover._settings import Settings, read_settings
from nas_env.handover.preprocessing import ImagePreprocessing, Preprocess, Preprocessing, of_images
from search_spaces import Architecture, SearchSpace

WEIGHTS = "weights.safetensors"


class LoadedNetwork(nn.Module):
    """A trained network; called as the network itself is.

    Attributes:
        network: The network, which is also what its folder's ``network.py`` builds.
        space: Search space of its architecture.
        architecture: Architecture.
        input_shape: Shape of one example, without the batch.
        outputs: Number of classes or symbols.
        preprocessing: How data becomes what the network reads: mean and deviation of the channels,
            the size, the range of the pixels; or the symbols of a text. None if not known.
        facts: What the model card says.
    """

    space: SearchSpace
    architecture: Architecture
    input_shape: tuple[int, ...]
    outputs: int
    preprocessing: Preprocessing | None
    facts: Mapping[str, Any]

    def __init__(self, network: nn.Module, settings: Settings):
        super().__init__()
        self.network = network
        self.space, self.architecture = settings.space, settings.architecture
        self.input_shape, self.outputs = settings.input_shape, settings.outputs
        self.preprocessing, self.facts = settings.preprocessing, settings.facts

    def forward(self, *inputs: Any) -> Any:
        """Call the network with what it reads: see :meth:`preprocess` for images of bytes."""
        return self.network(*inputs)

    def preprocess(self, images: Tensor | np.ndarray) -> Tensor:
        """Turn images, uint8 (batch, height, width, channels), into what the network reads.

        Args:
            images: Tensor, or an array of NumPy.

        Raises:
            InvalidValue: If the network reads no images, or these have another size.
        """
        numbers = of_images(self.preprocessing)
        if numbers is None:
            raise InvalidValue("nothing is known of how images become what this network reads")
        images = torch.as_tensor(images)
        _check_images(images, numbers)
        return Preprocess(numbers).to(images.device)(images)


def load(folder: str | os.PathLike[str]) -> LoadedNetwork:
    """Load a network that was handed over, ready to be used: ``train()`` trains it further.

    Args:
        folder: Folder that :func:`nas_env.handover.write` wrote.

    Raises:
        InvalidValue: If it is no such folder, or a file of it is missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    settings, file = read_settings(Path(folder)), Path(folder) / WEIGHTS
    network = settings.build()
    try:
        network.load_state_dict(load_file(file))
    except (OSError, SafetensorError) as error:
        raise InvalidValue(f"{file} cannot be read: {one_line(error)}") from None
    except RuntimeError as error:
        raise InvalidValue(f"{file} does not fit the architecture: {one_line(error)}") from None
    return LoadedNetwork(network.eval(), settings)


def _check_images(images: Tensor, numbers: ImagePreprocessing) -> None:
    expected = (*numbers.stored, numbers.channels)
    if images.dtype != torch.uint8 or tuple(images.shape[1:]) != expected:
        given = f"{str(images.dtype).removeprefix('torch.')} {tuple(images.shape)}"
        wanted = ", ".join(map(str, expected))
        raise InvalidValue(f"images are {given}, expected uint8 (batch, {wanted})")


def one_line(error: BaseException) -> str:
    """Return what an error says, on one line."""
    return " ".join(str(error).split())[:200]
