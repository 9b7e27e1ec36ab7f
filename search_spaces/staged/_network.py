"""The network of a staged architecture."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from search_spaces._fitted import Whitening
from search_spaces._global_average import global_average
from search_spaces.staged._architecture import StagedArchitecture, StagedLayer


class Construction(NamedTuple):
    """The settings of a space by which all its networks are built; see the space's own."""

    whitening: int
    activation: Literal["gelu", "relu"]
    initialisation: Literal["identity", "random"]
    norm_scales: bool
    last_pooling: Literal["maximum", "average"]
    temperature: float

    def make_activation(self) -> nn.Module:
        """Return the module of the non-linearity."""
        return nn.GELU() if self.activation == "gelu" else nn.ReLU()

    def make_norm(self, channels: int) -> nn.BatchNorm2d:
        """Return a batch normalisation, whose scales may stay 1."""
        norm = nn.BatchNorm2d(channels)
        norm.weight.requires_grad_(self.norm_scales)
        return norm


class Plan(NamedTuple):
    """The connections and widths of a network; number 0 is the image, or its whitened patches.

    Attributes:
        inputs: What each layer reads, by number.
        channels: Channels that each layer reads.
        halved: For each layer that pools, by number, what is read again in a later stage and so
            is halved as well.
    """

    inputs: tuple[tuple[int, ...], ...]
    channels: tuple[int, ...]
    halved: dict[int, tuple[int, ...]]


def plan(architecture: StagedArchitecture, channels: int) -> Plan:
    """Return the connections of an architecture whose first layer reads so many channels.

    Example:
        >>> first, second = StagedLayer(3, 8), StagedLayer(3, 16, True)
        >>> plan(StagedArchitecture((first, second, StagedLayer(3, 4, skips=(1,)))), 3)
        Plan(inputs=((0,), (1,), (1, 2)), channels=(3, 8, 24), halved={2: (1,)})
    """
    layers = architecture.layers
    width = [channels, *(layer.filters for layer in layers)]
    inputs = tuple((*layer.skips, number) for number, layer in enumerate(layers))
    halved = {
        number: tuple(sorted({i for later in inputs[number:] for i in later if i < number}))
        for number, layer in enumerate(layers, start=1)
        if layer.pool
    }
    return Plan(inputs, tuple(sum(width[i] for i in read) for read in inputs), halved)


class StagedNetwork(nn.Module):
    """Whitened patches, a chain of convolutions, global pooling, a linear classifier.

    Args:
        architecture: Architecture of the network.
        settings: Settings of the space.
        channels: Channels of an image.
        outputs: Number of classes.
    """

    def __init__(
        self, architecture: StagedArchitecture, settings: Construction, channels: int, outputs: int
    ):
        super().__init__()
        self.settings = settings
        self.whitening = None
        if settings.whitening:
            self.whitening = Whitening(channels, settings.whitening)
            channels = self.whitening.filters
        self.inputs, widths, self.halved = plan(architecture, channels)
        layers = zip(widths, architecture.layers, strict=True)
        self.layers = nn.ModuleList(Layer(width, layer, settings) for width, layer in layers)
        self.activation = settings.make_activation()
        self.classifier = nn.Linear(architecture.layers[-1].filters, outputs, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits (batch, outputs) of images, float (batch, channels, height, width)."""
        values = [images if self.whitening is None else self.activation(self.whitening(images))]
        for number, (layer, inputs) in enumerate(zip(self.layers, self.inputs, strict=True), 1):
            read = [values[i] for i in inputs]
            values.append(layer(read[0] if len(read) == 1 else torch.cat(read, dim=1)))
            for i in self.halved.get(number, ()):
                values[i] = halve(values[i])
        return self.classifier(self.pool(values[-1])) / self.settings.temperature

    def pool(self, x: Tensor) -> Tensor:
        """Turn a map (batch, channels, height, width) into features (batch, channels)."""
        return (
            x.amax(dim=(2, 3)) if self.settings.last_pooling == "maximum" else global_average([x])
        )


class Layer(nn.Module):
    """Convolution, pooling where the layer has it, batch normalisation, activation.

    The order is that of Jordan 2024 (2404.00498): what is normalised is a quarter of the numbers.
    """

    def __init__(self, channels: int, layer: StagedLayer, settings: Construction):
        super().__init__()
        size = layer.filter_size
        self.conv = nn.Conv2d(channels, layer.filters, size, padding=size // 2, bias=False)
        if settings.initialisation == "identity":
            begin_as_identity(self.conv)
        self.pools = layer.pool
        self.norm = settings.make_norm(layer.filters)
        self.activation = settings.make_activation()

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, channels, h, w) into (batch, filters, h, w), or half of h and of w."""
        x = self.conv(x)
        return self.activation(self.norm(halve(x) if self.pools else x))


def halve(x: Tensor) -> Tensor:
    """Halve a map's sides by 2x2 maximum pooling, rounded down; a side of one pixel stays."""
    return functional.max_pool2d(x, (min(2, x.shape[2]), min(2, x.shape[3])))


@torch.no_grad()
def begin_as_identity(conv: nn.Conv2d) -> None:
    """Let the first filters pass channels on, each another one, and leave the rest random.

    So signals and gradients go through a deep chain as if it had shortcuts (Jordan 2024,
    2404.00498, section 3.2). Of more channels than filters, every so manieth is passed on, so that
    each of the joined maps has its share.
    """
    filters, channels, height, width = conv.weight.shape
    count = min(filters, channels)
    rows = torch.arange(count)
    conv.weight[:count] = 0
    conv.weight[rows, rows * channels // count, height // 2, width // 2] = 1
