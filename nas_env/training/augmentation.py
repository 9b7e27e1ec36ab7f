"""Images of a task as its children see them, made batch by batch: nothing of the set's size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from nas_env.training.allocator import scratch
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.mapped import Pages
from nas_env.training.pixels import (
    Size,
    centre,
    cut_out,
    enlarge,
    filled,
    pad,
    random_view,
    reduce,
    reduced_size,
    reflect,
)
from nas_env.training.rows import Rows

#: Changed images that take at most so many bytes are kept, so that each is changed once: of
#: 45,000 of CIFAR-10 at 8 pixels 8.6 MB, which saves a small child a twentieth of its time.
KEPT = 2**25
#: Mean and deviation are of all training images, unless these have more numbers than this ...
ALL = 2**28
#: ... then they are of evenly spaced images, which have about as many.
SAMPLE = 2**24

Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class ImageData:
    """The part of a task that a search may see.

    The images of both splits may be the same tensor: of all images of a set, of which the rows
    choose. It may lie over a read-only memory map (``shared`` makes one), whose pages all processes
    share; nothing of its size is ever copied.

    Attributes:
        train_images: uint8 (n, height, width, channels).
        train_labels: Labels of the training images, int64.
        validation_images: uint8 (k, height, width, channels).
        validation_labels: Labels of the validation images, int64.
        train_rows: Rows of ``train_images`` that are to be trained on, int64, in the order of
            their labels; None for all.
        validation_rows: Rows of ``validation_images`` likewise.
        pages: The pages of the map that both splits lie in, if they do.
    """

    train_images: Tensor
    train_labels: Tensor
    validation_images: Tensor
    validation_labels: Tensor
    train_rows: Tensor | None = None
    validation_rows: Tensor | None = None
    pages: Pages | None = field(default=None, compare=False, repr=False)

    _views: dict[tuple[object, ...], Views] = field(default_factory=dict, compare=False, repr=False)

    @property
    def train(self) -> Rows:
        """The training images."""
        return Rows(self.train_images, self.train_rows, self.pages)

    @property
    def validation(self) -> Rows:
        """The validation images."""
        return Rows(self.validation_images, self.validation_rows, self.pages)

    def to(self, device: torch.device) -> ImageData:
        """Return the data on a device; on another than theirs the images of the splits alone."""
        return _data(
            self.train.to(device),
            self.train_labels.to(device),
            self.validation.to(device),
            self.validation_labels.to(device),
        )

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of training and of validation images."""
        return len(self.train_labels), len(self.validation_labels)

    def part(self, train: int, validation: int) -> ImageData:
        """Return the first images of each split."""
        return _data(
            self.train.first(train),
            self.train_labels[:train],
            self.validation.first(validation),
            self.validation_labels[:validation],
        )

    def joined(self) -> ImageData:
        """Return training images followed by validation images, and none to validate by."""
        none = self.validation.first(0)
        labels = torch.cat((self.train_labels, self.validation_labels))
        if self.train_images is self.validation_images:  # of which only the rows are chosen
            assert self.train_rows is not None and self.validation_rows is not None
            rows = torch.cat((self.train_rows, self.validation_rows))
            return _data(Rows(self.train_images, rows, self.pages), labels, none, labels[:0])
        whole = torch.cat([*self.train.pieces(), *self.validation.pieces()])
        return _data(Rows(whole), labels, Rows(whole[:0]), labels[:0])

    def tested_on(self, test: tuple[np.ndarray, np.ndarray]) -> ImageData:
        """Return the same training images, with test images and labels where validation was."""
        images, labels = (torch.from_numpy(part).to(self.train_images.device) for part in test)
        return _data(self.train, self.train_labels, Rows(images), labels)

    def views(self, recipe: ImageRecipe) -> Views:
        """The images as a recipe's children see them; made once, for all of them."""
        key = (
            recipe.resolution,
            recipe.upsample,
            recipe.padding,
            recipe.flip,
            recipe.whitening,
            recipe.validation_view,
            recipe.cutout,
            recipe.reflect,
        )
        if key not in self._views:
            self._views[key] = Views(self, recipe)
        return self._views[key]


def _data(train: Rows, train_labels: Tensor, validation: Rows, labels: Tensor) -> ImageData:
    """Return the data of two splits."""
    rows = train.rows, validation.rows
    return ImageData(train.images, train_labels, validation.images, labels, *rows, train.pages)


class Views:
    """The images as a child sees them: reduced, enlarged or padded, cropped, flipped, whitened.

    All of it is done when a batch is asked for, but for images that are few or small once they
    are reduced, enlarged and padded (``KEPT``): that is done once for them.

    Attributes:
        size: Height and width of the images that a child is given.
    """

    size: Size

    def __init__(self, data: ImageData, recipe: ImageRecipe):
        self.recipe, self._examples = recipe, data.train
        height, width = data.train_images.shape[1:3]
        self.size = reduced_size(height, width, recipe.resolution)
        self.train_labels, self.validation_labels = data.train_labels, data.validation_labels
        self._train = _Changed(data.train, self._larger)
        self._validation = _Changed(data.validation, self._middle)
        self.mean, self.deviation = moments(data.train, self._reduced)

    def _reduced(self, images: Tensor) -> Tensor:
        return reduce(images, self.recipe.resolution)

    def _larger(self, images: Tensor) -> Tensor:
        """Training images as crops are taken from them."""
        larger = enlarge(self._reduced(images), self.recipe.upsample)
        return (reflect if self.recipe.reflect else pad)(larger, self.recipe.padding)

    def _middle(self, images: Tensor) -> Tensor:
        """Validation images."""
        if self.recipe.validation_view == "original":
            return self._reduced(images)
        return centre(enlarge(self._reduced(images), self.recipe.upsample), self.size)

    def training_batch(
        self, index: Tensor, generator: torch.Generator, mirrored: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return augmented images and their labels.

        Args:
            index: The images to take, int64 (batch,).
            generator: Generator on the device of the images.
            mirrored: Truth for each that is mirrored, bool (batch,); None to draw that, if the
                recipe mirrors images.

        Returns:
            Float (batch, channels, height, width) in channels-last, and int64 (batch,).
        """
        flip = self.recipe.flip if mirrored is None else mirrored
        images = random_view(self._train.at(index), self.size, flip=flip, generator=generator)
        white = self.whiten(images)
        if self.recipe.cutout:
            white = cut_out(white, self.recipe.cutout, generator)
        return white, self.train_labels[index]

    def validation_batches(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all validation images in order, whitened, in batches, with their labels."""
        images = self._validation.batches(batch_size)
        labels = self.validation_labels.split(batch_size)
        yield from ((self.whiten(x), y) for x, y in zip(images, labels, strict=True))

    def plain(self, count: int) -> Tensor:
        """Return the first training images, not augmented: float (count, channels, h, w)."""
        first = self._examples.first(count)
        return torch.cat([self.whiten(self._middle(images)) for images in first.pieces()])

    def whiten(self, images: Tensor) -> Tensor:
        """uint8 (n, h, w, c) -> float32 (n, c, h, w), of mean 0 and deviation 1."""
        pixels = images.float()
        if self.recipe.whitening == "channel":
            pixels = (pixels - self.mean) / self.deviation
        else:
            deviation, mean = torch.std_mean(pixels, dim=(1, 2, 3), keepdim=True)
            pixels = (pixels - mean) / deviation.clamp(min=1.0)
        return pixels.permute(0, 3, 1, 2)


class _Changed:
    """Images of a split changed one by one: each time they are asked for, or once for all."""

    def __init__(self, images: Rows, change: Change):
        self.images, self.change = images, change
        one = _blank(images)
        changed = change(one)
        if changed is not one and 0 < len(images) * changed.numel() <= KEPT:
            kept = changed.new_empty((len(images), *changed.shape[1:]))
            self.images = Rows(filled(kept, map(change, images.pieces())))
            self.change = lambda images: images

    def at(self, index: Tensor) -> Tensor:
        return self.change(self.images.at(index))

    def batches(self, size: int) -> Iterator[Tensor]:
        return map(self.change, self.images.batches(size))


def _blank(images: Rows) -> Tensor:
    """Return an image of the same form, whose pixels do not matter."""
    return images.images.new_zeros((1, *images.images.shape[1:]))


def moments(images: Rows, change: Change) -> tuple[Tensor, Tensor]:
    """Return mean and deviation of each channel of changed images, of 255.

    They are of all images; of more than ``ALL`` numbers, as stored, of evenly spaced ones.
    """
    height, width, channels = form = change(_blank(images)).shape[1:]
    reduced = form != images.images.shape[1:]
    if len(images) * math.prod(images.images.shape[1:]) > ALL:
        count = min(len(images), max(1, SAMPLE // math.prod(form)))
        chosen = torch.linspace(0, len(images) - 1, count, dtype=torch.float64).long()
        chosen = chosen.to(images.images.device)
        chosen = chosen if images.rows is None else images.rows[chosen]
        images = Rows(images.images, chosen, images.pages)
    # The order of a sum decides its last digit: of images as stored it is channel by channel,
    # of reduced ones pixel by pixel, however they lie in memory.
    shape = form if reduced else (channels, height, width)
    pixels = scratch((len(images), *shape), images.images.device)
    pixels = pixels if reduced else pixels.permute(0, 2, 3, 1)
    filled(pixels, map(change, images.pieces()))
    return pixels.mean(dim=(0, 1, 2)), pixels.std(dim=(0, 1, 2)).clamp(min=1.0)
