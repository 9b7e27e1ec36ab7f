"""Operations on the pixels of images, uint8 (n, height, width, channels): no Python per image."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from search_spaces import InvalidValue

Size = tuple[int, int]  # height and width


def reduced_size(height: int, width: int, side: int) -> Size:
    """Return the size of images whose longer side is reduced to ``side`` pixels; 0 leaves them.

    Example:
        >>> reduced_size(96, 128, 64), reduced_size(28, 28, 32), reduced_size(96, 128, 0)
        ((48, 64), (28, 28), (96, 128))
    """
    longer = max(height, width)
    if side == 0 or longer <= side:
        return height, width
    return max(1, round(height * side / longer)), max(1, round(width * side / longer))


def reduce(images: Tensor, side: int) -> Tensor:
    """Average areas until the longer side has ``side`` pixels: uint8 (n, h, w, c) -> (n, H, W, c).

    Images that are no larger are left alone, and so are all where ``side`` is 0.

    Example:
        >>> image = torch.tensor([[0, 2], [4, 6], [1, 1], [1, 1]], dtype=torch.uint8)
        >>> reduce(image.view(1, 4, 2, 1), 2).flatten().tolist()
        [3, 1]
    """
    height, width = images.shape[1:3]
    size = reduced_size(height, width, side)
    return images if size == (height, width) else resized(images, size, mode="area")


def enlarge(images: Tensor, side: int) -> Tensor:
    """Bilinear to ``side`` x ``side`` pixels, uint8 (n, h, w, c); 0 leaves them alone."""
    if side == 0 or tuple(images.shape[1:3]) == (side, side):
        return images
    return resized(images, (side, side), mode="bilinear", antialias=True)


def resized(images: Tensor, size: Size, **how: Any) -> Tensor:
    """Images of another size, uint8 (n, h, w, c)."""
    pixels = functional.interpolate(images.permute(0, 3, 1, 2).float(), size, **how)
    return pixels.round().clamp(0, 255).byte().permute(0, 2, 3, 1).contiguous()


def pad(images: Tensor, width: int) -> Tensor:
    """Black around uint8 (n, h, w, c), ``width`` pixels on each side."""
    return functional.pad(images, (0, 0, width, width, width, width)) if width else images


def reflect(images: Tensor, width: int) -> Tensor:
    """Add ``width`` pixels on each side of uint8 (n, h, w, c), mirrored at its edge.

    Example:
        >>> row = torch.tensor([1, 2, 3], dtype=torch.uint8).view(1, 1, 3, 1).expand(1, 3, 3, 1)
        >>> reflect(row, 2)[0, 0].flatten().tolist()
        [3, 2, 1, 2, 3, 2, 1]

    Raises:
        InvalidValue: If a side has no more than ``width`` pixels.
    """
    sides = images.shape[1:3]
    if width and min(sides) <= width:
        raise InvalidValue(f"padding is {width}, expected less than the {min(sides)} of an image")
    rows, columns = (_reflected(side, width, images.device) for side in sides)
    return images[:, rows[:, None], columns] if width else images


def _reflected(side: int, width: int, device: torch.device) -> Tensor:
    """Return the pixels of a padded side: 2 1 0 1 2 … by their numbers."""
    place = torch.arange(-width, side + width, device=device).abs()
    return (side - 1) - (side - 1 - place).abs()


def centre(images: Tensor, size: Size) -> Tensor:
    """The middle ``size`` pixels of uint8 (n, h, w, c)."""
    if tuple(images.shape[1:3]) == size:
        return images.contiguous()
    top = (images.shape[1] - size[0]) // 2
    left = (images.shape[2] - size[1]) // 2
    return images[:, top : top + size[0], left : left + size[1]].contiguous()


def random_view(
    images: Tensor, size: Size, *, flip: bool | Tensor, generator: torch.Generator
) -> Tensor:
    """Return a random crop of each image, half of them mirrored, by one gather.

    Args:
        images: uint8 (n, H, W, c).
        size: Size of the crops, (h, w).
        flip: Mirror each with probability 1/2; or which are mirrored, bool (n,).
        generator: Generator on the device of ``images``.

    Returns:
        uint8 (n, h, w, c).
    """
    height, width = size
    count, device = len(images), images.device

    def draw(choices: int) -> Tensor:
        return torch.randint(choices, (count, 1), generator=generator, device=device)

    rows = torch.arange(height, device=device) + draw(images.shape[1] - height + 1)
    columns = torch.arange(width, device=device).expand(count, width)
    if flip is not False:
        mirrored = draw(2).bool() if flip is True else flip[:, None]
        columns = torch.where(mirrored, width - 1 - columns, columns)
    columns = columns + draw(images.shape[2] - width + 1)
    each = torch.arange(count, device=device)
    return images[each[:, None, None], rows[:, :, None], columns[:, None, :]]


def cut_out(images: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Return images with a square of each set to 0, around a pixel drawn at random.

    Args:
        images: float (n, c, h, w), of mean 0.
        side: Side of the square in pixels, of which those outside the image are lost.
        generator: Generator on the device of ``images``.
    """
    count, _, height, width = images.shape

    def band(length: int) -> Tensor:  # bool (n, length)
        centre = torch.randint(length, (count, 1), generator=generator, device=images.device)
        place = torch.arange(length, device=images.device) - centre + side // 2
        return (place >= 0) & (place < side)

    rows, columns = band(height), band(width)
    return images.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0)


def filled(out: Tensor, batches: Iterable[Tensor]) -> Tensor:
    """Write batches one after the other into a tensor of whatever type and device; return it."""
    start = 0
    for batch in batches:
        out[start : start + len(batch)] = batch
        start += len(batch)
    return out
