"""Layers that take numbers from the training images before a child's first step."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

IMAGES_AT_ONCE = 500  # whose patches are in memory, 23 MB of those of 2x2 pixels of CIFAR-10


class FittedToImages(nn.Module, ABC):
    """A layer that reads the images themselves, and is fitted to those of training.

    Whoever trains a child calls :meth:`fit` of each such layer once, before the first step. The
    numbers that it sets are not trained; the other parameters of the layer are, or only for the
    first epochs, as the recipe wants.
    """

    @abstractmethod
    def fit(self, images: Tensor) -> None:
        """Set what the layer takes from images.

        Args:
            images: Training images as a child is given them, not augmented, float
                (n, channels, height, width).
        """


class Whitening(FittedToImages):
    """A convolution that whitens the patches of an image.

    The filters are the principal components of the patches of the training images, divided by
    their standard deviations, and the same with the opposite sign, so that an activation loses
    nothing (Jordan 2024, 2404.00498, section 3.1; Page 2019, "How to train your ResNet"). They
    stay as they are fitted; the bias is trained, from 0 on.

    Args:
        channels: Channels of an image.
        side: Side of a patch in pixels; the map is smaller than the image by one pixel less.
    """

    #: Number added to a variance, of patches of deviation 1: section 3.1 of the paper.
    epsilon = 5e-4

    def __init__(self, channels: int, side: int):
        super().__init__()
        self.filters = 2 * channels * side * side
        shape = self.filters, channels, side, side
        self.weight = nn.Parameter(torch.empty(shape), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(self.filters))
        nn.init.kaiming_uniform_(self.weight, nonlinearity="linear")

    def forward(self, images: Tensor) -> Tensor:
        """Turn (batch, channels, h, w) into (batch, filters, h - side + 1, w - side + 1)."""
        return functional.conv2d(images, self.weight, self.bias)

    @torch.no_grad()
    def fit(self, images: Tensor) -> None:
        """Set the filters from the patches of images, float (n, channels, h, w)."""
        side, numbers = self.weight.shape[2], self.filters // 2
        total, count = images.new_zeros(numbers, numbers), 0
        for some in images.split(IMAGES_AT_ONCE):
            patches = functional.unfold(some.float(), side)  # (n, channels * side * side, places)
            total += torch.einsum("npl,nql->pq", patches, patches)
            count += patches.shape[0] * patches.shape[2]
        variances, components = torch.linalg.eigh(total / count)  # rising; components in columns
        filters = (components / (variances + self.epsilon).sqrt()).T.flip(0)
        self.weight.copy_(torch.cat((filters, -filters)).view_as(self.weight))
