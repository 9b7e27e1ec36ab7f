"""The logits by which an image is classified: of itself, or of several views of it."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional

from nas_env.training.image_recipe import ImageRecipe


def logits_of(child: nn.Module, images: Tensor, recipe: ImageRecipe) -> Tensor:
    """Return the logits of images, or a multiple of the mean of those of their views.

    Args:
        child: Network in evaluation mode.
        images: Whitened images, float (n, channels, height, width).
        recipe: Recipe that says which views are taken.
    """
    shifted = [_both_sides(child, x, recipe) for x in _shifted(images, recipe.validation_shift)]
    logits = _both_sides(child, images, recipe)
    return 2 * logits.float() + sum(shifted) if shifted else logits


def _both_sides(child: nn.Module, images: Tensor, recipe: ImageRecipe) -> Tensor:
    """Return the logits of images, added to those of their mirror images if these count."""
    logits = child(images)
    return logits.float() + child(images.flip(3)).float() if recipe.validation_flip else logits


def _shifted(images: Tensor, pixels: int) -> Iterator[Tensor]:
    """Yield images shifted up and left, and down and right, with their mirrored edges."""
    if pixels:
        height, width = images.shape[2:]
        larger = functional.pad(images, (pixels,) * 4, mode="reflect")
        yield larger[:, :, 2 * pixels :, 2 * pixels :]
        yield larger[:, :, :height, :width]
