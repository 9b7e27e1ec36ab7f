"""The network of a cell of NAS-Bench-201 (Dong & Yang 2020, section 2.1 and figure 1)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from search_spaces._decisions import Cost
from search_spaces._global_average import global_average
from search_spaces.nas_bench_201._identity import EDGES


class NASBench201Network(nn.Module):
    """Three stages of one cell, repeated; between stages the map is halved, the channels doubled.

    Layers start as torch makes them: the benchmark sets no weights of its own.

    Args:
        operations: Operation of each edge of the cell, in the order of ``EDGES``.
        cells: Number of cells in a stage.
        channels: Number of channels of the first stage.
        colours: Number of channels of the images.
        outputs: Number of classes.
    """

    def __init__(
        self, operations: Sequence[str], cells: int, channels: int, colours: int, outputs: int
    ):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(colours, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        )
        stages: list[nn.Module] = []
        for width in (channels, 2 * channels, 4 * channels):
            if width > channels:
                stages.append(ResidualBlock(width // 2, width))
            stages.extend(Cell(operations, width) for _ in range(cells))
        self.stages = nn.Sequential(*stages)
        self.last = nn.Sequential(nn.BatchNorm2d(4 * channels), nn.ReLU())
        self.classifier = nn.Linear(4 * channels, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Compute logits (batch, outputs) of images, float (batch, colours, height, width)."""
        maps = self.last(self.stages(self.stem(images)))
        return self.classifier(global_average([maps]))

    def cost(self, height: int, width: int) -> Cost:
        """Count parameters, and FLOPs of one forward pass over one image of that many pixels.

        The FLOPs are those that :meth:`SearchSpace.cost` counts by running the network.
        """
        multiply_adds = self.classifier.weight.numel()
        for part in (self.stem, *self.stages):
            if isinstance(part, ResidualBlock):
                height, width = -(-height // 2), -(-width // 2)
            convolutions = (m for m in part.modules() if isinstance(m, nn.Conv2d))
            multiply_adds += sum(c.weight.numel() for c in convolutions) * height * width
        return Cost(sum(p.numel() for p in self.parameters()), 2 * multiply_adds)


class Cell(nn.Module):
    """A cell: node j is the sum over i < j of the operation of edge i>j on node i."""

    def __init__(self, operations: Sequence[str], channels: int):
        super().__init__()
        self.edges = nn.ModuleDict(
            {
                f"{source}>{target}": make_operation(operation, channels)
                for (source, target), operation in zip(EDGES, operations, strict=True)
                if operation != "none"
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """Compute node 3 from node 0, both (batch, channels, height, width)."""
        nodes = [x]
        for target in (1, 2, 3):
            read: list[Tensor] = [
                self.edges[edge](nodes[source])
                for source in range(target)
                if (edge := f"{source}>{target}") in self.edges
            ]
            nodes.append(sum(read[1:], read[0]) if read else torch.zeros_like(x))
        return nodes[3]


def make_operation(name: str, channels: int) -> nn.Module:
    """Make the module of an operation other than none."""
    if name == "skip_connect":
        return nn.Identity()
    if name == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return ReLUConvNorm(channels, channels, {"nor_conv_1x1": 1, "nor_conv_3x3": 3}[name])


class ReLUConvNorm(nn.Sequential):
    """ReLU, convolution, batch normalisation; the ReLU does not change its input in place."""

    def __init__(self, inputs: int, outputs: int, side: int, stride: int = 1):
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(inputs, outputs, side, stride, padding=side // 2, bias=False),
            nn.BatchNorm2d(outputs),
        )


class ResidualBlock(nn.Module):
    """Halves the map: two 3x3 convolutions, parallel to a pooled 1x1 (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.body = nn.Sequential(
            ReLUConvNorm(inputs, outputs, 3, stride=2), ReLUConvNorm(outputs, outputs, 3)
        )
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, ceil_mode=True),  # odd sides: rounded up, as the convolution does
            nn.Conv2d(inputs, outputs, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Turn (batch, inputs, height, width) into (batch, outputs, height / 2, width / 2)."""
        return self.shortcut(x) + self.body(x)
