"""Images on the device as uint8, and batches of them augmented there: no Python per image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from nas_env.training.recipe import ImageRecipe


@dataclass(frozen=True)
class ImageData:
    """The part of a task that a search may see.

    Attributes:
        train_images: uint8 (n, height, width, channels).
        train_labels: int64 (n,).
        validation_images: uint8 (k, height, width, channels).
        validation_labels: int64 (k,).
    """

    train_images: Tensor
    train_labels: Tensor
    validation_images: Tensor
    validation_labels: Tensor

    _views: dict[tuple[object, ...], Views] = field(default_factory=dict, compare=False, repr=False)

    def to(self, device: torch.device) -> ImageData:
        """Return the data on a device."""
        return ImageData(
            self.train_images.to(device),
            self.train_labels.to(device),
            self.validation_images.to(device),
            self.validation_labels.to(device),
        )

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of training and of validation images."""
        return len(self.train_labels), len(self.validation_labels)

    def part(self, train: int, validation: int) -> ImageData:
        """Return the first images of each split."""
        return ImageData(
            self.train_images[:train],
            self.train_labels[:train],
            self.validation_images[:validation],
            self.validation_labels[:validation],
        )

    def views(self, recipe: ImageRecipe) -> Views:
        """The images as a recipe's children see them; made once, for all of them."""
        key = (
            recipe.resolution,
            recipe.upsample,
            recipe.padding,
            recipe.flip,
            recipe.whitening,
            recipe.validation_view,
        )
        if key not in self._views:
            self._views[key] = Views(self, recipe)
        return self._views[key]


class Views:
    """The images as a child sees them: reduced, enlarged or padded, cropped, flipped, whitened.

    Reducing, enlarging and padding are done once, and the results kept as uint8; crop and flip
    are one gather a batch.
    """

    def __init__(self, data: ImageData, recipe: ImageRecipe):
        self.recipe = recipe
        images = reduce(data.train_images, recipe.resolution)
        self.size = images.shape[1:3]
        self.train_images = pad(enlarge(images, recipe.upsample), recipe.padding)
        self.train_labels = data.train_labels
        self.validation_images = reduce(data.validation_images, recipe.resolution)
        if recipe.validation_view == "crop":
            self.validation_images = centre(
                enlarge(self.validation_images, recipe.upsample), self.size
            )
        self.validation_labels = data.validation_labels
        pixels = images.float()
        self.mean = pixels.mean(dim=(0, 1, 2))
        self.deviation = pixels.std(dim=(0, 1, 2)).clamp(min=1.0)  # of 255

    def training_batch(self, index: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Augmented images, float (batch, channels, height, width) in channels-last, and labels."""
        images = random_view(
            self.train_images, index, self.size, flip=self.recipe.flip, generator=generator
        )
        return self.whiten(images), self.train_labels[index]

    def validation_batches(self, batch_size: int) -> list[tuple[Tensor, Tensor]]:
        """All validation images in order, whitened, in batches."""
        images = self.validation_images.split(batch_size)
        labels = self.validation_labels.split(batch_size)
        return [(self.whiten(x), y) for x, y in zip(images, labels, strict=True)]

    def whiten(self, images: Tensor) -> Tensor:
        """uint8 (n, h, w, c) -> float32 (n, c, h, w), of mean 0 and deviation 1."""
        pixels = images.float()
        if self.recipe.whitening == "channel":
            pixels = (pixels - self.mean) / self.deviation
        else:
            deviation, mean = torch.std_mean(pixels, dim=(1, 2, 3), keepdim=True)
            pixels = (pixels - mean) / deviation.clamp(min=1.0)
        return pixels.permute(0, 3, 1, 2)


def reduce(images: Tensor, side: int) -> Tensor:
    """Average areas until the longer side has ``side`` pixels: uint8 (n, h, w, c) -> (n, H, W, c).

    Images that are no larger are left alone, and so are all where ``side`` is 0.

    Example:
        >>> image = torch.tensor([[0, 2], [4, 6], [1, 1], [1, 1]], dtype=torch.uint8)
        >>> reduce(image.view(1, 4, 2, 1), 2).flatten().tolist()
        [3, 1]
    """
    height, width = images.shape[1:3]
    longer = max(height, width)
    if side == 0 or longer <= side:
        return images
    size = tuple(max(1, round(length * side / longer)) for length in (height, width))
    return _resized(images, size, mode="area")


def enlarge(images: Tensor, side: int) -> Tensor:
    """Bilinear to ``side`` x ``side`` pixels, uint8 (n, h, w, c); 0 leaves them alone."""
    if side == 0 or tuple(images.shape[1:3]) == (side, side):
        return images
    return _resized(images, (side, side), mode="bilinear", antialias=True)


def _resized(images: Tensor, size: tuple[int, ...], **how: Any) -> Tensor:
    """Images of another size, uint8 (n, h, w, c), made in pieces that fit any memory."""
    chunks = [
        functional.interpolate(chunk.permute(0, 3, 1, 2).float(), size, **how)
        .round()
        .clamp(0, 255)
        .byte()
        .permute(0, 2, 3, 1)
        for chunk in images.split(4096)
    ]
    return torch.cat(chunks).contiguous()


def pad(images: Tensor, width: int) -> Tensor:
    """Black around uint8 (n, h, w, c), ``width`` pixels on each side."""
    return functional.pad(images, (0, 0, width, width, width, width)) if width else images


def centre(images: Tensor, size: torch.Size) -> Tensor:
    """The middle ``size`` pixels of uint8 (n, h, w, c)."""
    top = (images.shape[1] - size[0]) // 2
    left = (images.shape[2] - size[1]) // 2
    return images[:, top : top + size[0], left : left + size[1]].contiguous()


def random_view(
    images: Tensor, index: Tensor, size: torch.Size, *, flip: bool, generator: torch.Generator
) -> Tensor:
    """Return a random crop of each chosen image, half of them mirrored, by one gather.

    Args:
        images: uint8 (n, H, W, c).
        index: Indices of the chosen images, int64 (b,).
        size: Size of the crops, (h, w).
        flip: Mirror each with probability 1/2.
        generator: Generator on the device of ``images``.

    Returns:
        uint8 (b, h, w, c).
    """
    height, width = size
    device = images.device

    def draw(choices: int) -> Tensor:
        return torch.randint(choices, (len(index), 1), generator=generator, device=device)

    rows = torch.arange(height, device=device) + draw(images.shape[1] - height + 1)
    columns = torch.arange(width, device=device).expand(len(index), width)
    if flip:
        columns = torch.where(draw(2).bool(), width - 1 - columns, columns)
    columns = columns + draw(images.shape[2] - width + 1)
    return images[index[:, None, None], rows[:, :, None], columns[:, None, :]]
