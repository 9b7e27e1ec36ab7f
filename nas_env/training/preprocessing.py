"""The preprocessing of data: its numbers, and a module that does it to images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from nas_env.training.augmentation import ImageData
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.pixels import Size, centre, enlarge, resized
from search_spaces import InvalidValue

UNKNOWN = "<unk>"  # what texts have for all symbols that have no number


@dataclass(frozen=True)
class ImagePreprocessing:
    """The steps by which images of bytes, 0 to 255, become what a network reads.

    In this order: resized to ``size`` by averaging areas, enlarged to ``upsample`` pixels a side,
    the middle taken, whitened.

    Attributes:
        stored: Height and width of the images that go in.
        size: Height and width of the images that the network reads.
        upsample: Side in pixels to which images are enlarged before their middle is taken; 0
            leaves them.
        whitening: ``"channel"``: less the mean, over the deviation, of each channel;
            ``"image"``: the same with mean and deviation of each image by itself.
        mean: Mean of each channel, of 255; empty for ``"image"``.
        deviation: Standard deviation of each channel, of 255; empty for ``"image"``.
        channels: Number of channels.

    Example:
        >>> numbers = ImagePreprocessing((2, 2), (2, 2), mean=(10.0,), deviation=(5.0,))
        >>> Preprocess(numbers)(torch.full((1, 2, 2, 1), 20, dtype=torch.uint8)).flatten().tolist()
        [2.0, 2.0, 2.0, 2.0]
    """

    stored: tuple[int, ...]
    size: tuple[int, ...]
    upsample: int = 0
    whitening: Literal["channel", "image"] = "channel"
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    channels: int = 1

    kind: ClassVar[str] = "images"
    #: The Python by which images become what a network reads.
    usage: ClassVar[str] = "network.preprocess(images)"
    #: The least and the largest value of a pixel that goes in.
    pixel_range: ClassVar[tuple[int, int]] = (0, 255)

    @classmethod
    def of(cls, data: ImageData, recipe: ImageRecipe) -> ImagePreprocessing:
        """Return what is done to the validation images of some data by a recipe."""
        views = data.views(recipe)
        height, width, channels = data.train_images.shape[1:]
        by_channel = recipe.whitening == "channel"
        return cls(
            stored=(height, width),
            size=views.size,
            upsample=recipe.upsample if recipe.validation_view == "crop" else 0,
            whitening=recipe.whitening,
            mean=tuple(views.mean.tolist()) if by_channel else (),
            deviation=tuple(views.deviation.tolist()) if by_channel else (),
            channels=channels,
        )

    @property
    def resizes(self) -> bool:
        """True if images are given another size."""
        return self.stored != self.size or self.upsample > 0

    def examples(self, count: int, generator: torch.Generator) -> Tensor:
        """Return random images that go in, uint8 (count, height, width, channels)."""
        shape = (count, *self.stored, self.channels)
        return torch.randint(256, shape, generator=generator, dtype=torch.uint8)


@dataclass(frozen=True)
class TextPreprocessing:
    """The numbers of the symbols of a text, which a language model reads.

    Attributes:
        unit: What has a number: a word, or a character.
        symbols: The words or characters, in the order of their numbers.

    Example:
        >>> TextPreprocessing("word", ("<unk>", "a", "b")).numbers("b a c".split()).tolist()
        [[2], [1], [0]]
    """

    unit: Literal["word", "character"] = "word"
    symbols: tuple[str, ...] = ()

    kind: ClassVar[str] = "text"

    @property
    def usage(self) -> str:
        """The Python by which a text becomes what a network reads."""
        return f"network.preprocessing.numbers(text{'.split()' * (self.unit == 'word')})"

    def numbers(self, text: Sequence[str]) -> Tensor:
        """Return the numbers of a text's symbols, as one column: int64 (steps, 1).

        Raises:
            InvalidValue: If a symbol has no number, and unknown ones have none either.
        """
        places = {symbol: number for number, symbol in enumerate(self.symbols)}
        unknown = places.get(UNKNOWN)
        found = [places.get(symbol, unknown) for symbol in text]
        if None in found:
            symbol = text[found.index(None)]
            raise InvalidValue(f"{symbol!r} is no {self.unit} of the {len(self.symbols):,} known")
        return torch.tensor(found, dtype=torch.int64)[:, None]


Preprocessing = ImagePreprocessing | TextPreprocessing


class Preprocess(nn.Module):
    """Turns images of bytes into what a network reads.

    Args:
        numbers: How that is done.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, numbers: ImagePreprocessing):
        super().__init__()
        self.numbers = numbers
        for name, values in (("mean", numbers.mean), ("deviation", numbers.deviation)):
            self.register_buffer(name, torch.tensor(values), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """uint8 (batch, height, width, channels) -> float (batch, channels, height, width)."""
        height, width = self.numbers.size
        size: Size = height, width
        if tuple(images.shape[1:3]) != size:
            images = resized(images, size, mode="area")
        pixels = centre(enlarge(images, self.numbers.upsample), size).float()
        if self.numbers.whitening == "channel":
            pixels = (pixels - self.mean) / self.deviation
        else:
            deviation, mean = torch.std_mean(pixels, dim=(1, 2, 3), keepdim=True)
            pixels = (pixels - mean) / deviation.clamp(min=1.0)
        return pixels.permute(0, 3, 1, 2).contiguous()
