"""The network of a convolutional architecture (Zoph & Le 2017, section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces._global_average import global_average
from search_spaces.convolutional._architecture import ConvolutionalArchitecture, ConvolutionalLayer


class Plan(NamedTuple):
    """The single convolutions of a network.

    Attributes:
        layers: Convolutions, whose inputs are numbers of this plan's layers, counted from 1; 0 is
            the image.
        loose_ends: Layers that the classifier reads.
        pooling: Layers after which everything is halved.
    """

    layers: tuple[ConvolutionalLayer, ...]
    loose_ends: tuple[int, ...]
    pooling: tuple[int, ...]


def plan(architecture: ConvolutionalArchitecture, block: int, block_output: str) -> Plan:
    """Replace each layer by a block of equal convolutions (section 4.1).

    Each convolution reads the inputs of the layer, and all earlier convolutions of the block.

    Example:
        >>> one, two = ConvolutionalLayer(3, 3, 1, 1, 8), ConvolutionalLayer(3, 3, 1, 1, 8, (1,))
        >>> small = plan(ConvolutionalArchitecture((one, two)), block=2, block_output="all")
        >>> [layer.inputs for layer in small.layers], small.loose_ends
        ([(0,), (0, 1), (1, 2), (1, 2, 3)], (3, 4))
    """
    joined = block_output == "all"
    layers = []
    for layer in architecture.layers:
        read = [n for source in layer.inputs or (0,) for n in _outputs(source, block, joined)]
        first = len(layers) + 1
        for number in range(first, first + block):
            layers.append(replace(layer, inputs=(*read, *range(first, number))))
    ends = (n for end in architecture.loose_ends for n in _outputs(end, block, joined))
    return Plan(tuple(layers), tuple(ends), tuple(n * block for n in architecture.pooling))


def _outputs(layer: int, block: int, joined: bool) -> range:
    """Return the convolutions that are the output of a block; for 0, the image."""
    last = layer * block
    return range(last - block + 1 if joined and layer else last, last + 1)


class ConvolutionalNetwork(nn.Module):
    """Convolutions over joined inputs, global average pooling, a linear classifier.

    The paper does not name the classifier. With global average pooling its 15 layers have the
    4.2M parameters that it states, and with a flattened map they do not.
    """

    def __init__(
        self,
        plan: Plan,
        channels: int,
        outputs: int,
        layer_order: str,
        zero_padding: str,
    ):
        super().__init__()
        layers, self.loose_ends, pooling = plan
        self.inputs = tuple(layer.inputs for layer in layers)
        self.halved = {n: self._read_after(n) for n in pooling}
        self.centred = zero_padding == "centre"
        width = [channels, *(layer.filters for layer in layers)]
        block = ConvNormReLU if layer_order == "conv-norm-relu" else NormReLUConv
        self.layers = nn.ModuleList(
            block(sum(width[i] for i in layer.inputs), layer) for layer in layers
        )
        features = sum(width[i] for i in self.loose_ends)
        self.head = NormReLU(features) if layer_order == "norm-relu-conv" else None
        self.classifier = nn.Linear(features, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits (batch, outputs) of images, float (batch, channels, height, width)."""
        values = [images]
        for number, layer in enumerate(self.layers, start=1):
            values.append(layer(self.join([values[i] for i in self.inputs[number - 1]])))
            for i in self.halved.get(number, ()):
                values[i] = functional.max_pool2d(values[i], 2, ceil_mode=True)
        ends = [values[i] for i in self.loose_ends]
        if self.head is not None:  # it needs joined maps; the average does not
            ends = [self.head(self.join(ends))]
        return self.classifier(global_average(ends))

    def _read_after(self, layer: int) -> tuple[int, ...]:
        """Return those of the image (0) and the layers up to ``layer`` that are read later."""
        read = {i for inputs in self.inputs[layer:] for i in inputs} | set(self.loose_ends)
        return tuple(i for i in range(layer + 1) if i in read)

    def join(self, maps: Sequence[Tensor]) -> Tensor:
        """Concatenate maps in depth, zero-padding the smaller to the largest (section 3.3)."""
        if len(maps) == 1:
            return maps[0]
        height = max(x.shape[2] for x in maps)
        width = max(x.shape[3] for x in maps)
        return torch.cat([self.pad(x, height, width) for x in maps], dim=1)

    def pad(self, x: Tensor, height: int, width: int) -> Tensor:
        """Zero-pad a map to ``height`` x ``width``."""
        down, right = height - x.shape[2], width - x.shape[3]
        if down == right == 0:
            return x
        top, left = (down // 2, right // 2) if self.centred else (0, 0)
        return functional.pad(x, (left, right - left, top, down - top))


def convolution(channels: int, layer: ConvolutionalLayer) -> nn.Conv2d:
    """Make a convolution, padded so that stride 1 keeps the size, without a bias."""
    conv = nn.Conv2d(
        channels,
        layer.filters,
        (layer.filter_height, layer.filter_width),
        (layer.stride_height, layer.stride_width),
        (layer.filter_height // 2, layer.filter_width // 2),
        bias=False,
    )
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return conv


class NormReLU(nn.Sequential):
    """Batch normalisation and ReLU, which takes twice as long in place on a CPU."""

    def __init__(self, channels: int):
        super().__init__(nn.BatchNorm2d(channels), nn.ReLU())


class ConvNormReLU(nn.Sequential):
    """Convolution, normalisation, ReLU: the usual order."""

    def __init__(self, channels: int, layer: ConvolutionalLayer):
        super().__init__(convolution(channels, layer), NormReLU(layer.filters))


class NormReLUConv(nn.Sequential):
    """Normalisation, ReLU, convolution: each layer normalises its input, as in DenseNet."""

    def __init__(self, channels: int, layer: ConvolutionalLayer):
        super().__init__(NormReLU(channels), convolution(channels, layer))
