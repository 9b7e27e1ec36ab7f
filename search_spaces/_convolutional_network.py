"""The network of a convolutional architecture (Zoph & Le 2017, section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional


class Layer(Protocol):
    """What the network needs to know of a layer."""

    @property
    def filter_height(self) -> int: ...
    @property
    def filter_width(self) -> int: ...
    @property
    def stride_height(self) -> int: ...
    @property
    def stride_width(self) -> int: ...
    @property
    def filters(self) -> int: ...
    @property
    def inputs(self) -> tuple[int, ...]: ...


class ConvolutionalNetwork(nn.Module):
    """Convolutions over joined inputs, global average pooling, a linear classifier.

    Global average pooling rather than a flattened map: only that fits the 4.2M parameters that
    the paper gives for its 15 layers.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        loose_ends: Sequence[int],
        channels: int,
        outputs: int,
        layer_order: str,
        zero_padding: str,
    ):
        super().__init__()
        self.inputs = tuple(layer.inputs for layer in layers)
        self.loose_ends = tuple(loose_ends)
        self.centred = zero_padding == "centre"
        width = [channels, *(layer.filters for layer in layers)]
        block = ConvNormReLU if layer_order == "conv-norm-relu" else NormReLUConv
        self.layers = nn.ModuleList(
            block(sum(width[i] for i in layer.inputs or (0,)), layer) for layer in layers
        )
        features = sum(width[i] for i in self.loose_ends)
        self.head = NormReLU(features) if layer_order == "norm-relu-conv" else nn.Identity()
        self.classifier = nn.Linear(features, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Images, float (batch, channels, height, width) -> logits (batch, outputs)."""
        values = [images]
        for layer, inputs in zip(self.layers, self.inputs, strict=True):
            values.append(layer(self.join([values[i] for i in inputs or (0,)])))
        joined = self.head(self.join([values[i] for i in self.loose_ends]))
        return self.classifier(joined.mean(dim=(2, 3)))

    def join(self, maps: Sequence[Tensor]) -> Tensor:
        """Concatenate in depth, the smaller maps zero-padded to the largest (section 3.3)."""
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


def convolution(channels: int, layer: Layer) -> nn.Conv2d:
    """Padded so that stride 1 keeps the size; no bias, since a batch norm follows or precedes."""
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
    """Batch normalisation and ReLU."""

    def __init__(self, channels: int):
        super().__init__(nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


class ConvNormReLU(nn.Sequential):
    """The usual order."""

    def __init__(self, channels: int, layer: Layer):
        super().__init__(convolution(channels, layer), NormReLU(layer.filters))


class NormReLUConv(nn.Sequential):
    """The pre-activation order: each consumer normalises what it reads, as in DenseNet."""

    def __init__(self, channels: int, layer: Layer):
        super().__init__(NormReLU(channels), convolution(channels, layer))
