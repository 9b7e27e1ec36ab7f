"""Training images that are small at first and grow, so that early epochs cost less."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.pixels import Size, reduced_size


def grown(images: Tensor, recipe: ImageRecipe, progress: float) -> Tensor:
    """Return training images of the size that they have at a point of the training.

    Args:
        images: float (n, channels, height, width).
        recipe: Recipe that says how they grow.
        progress: Share of all steps that are done.
    """
    height, width = images.shape[2:]
    size = size_at(recipe, (height, width), progress)
    if size == (height, width):
        return images
    return functional.interpolate(images, size, mode="area")


def size_at(recipe: ImageRecipe, whole: Size, progress: float) -> Size:
    """Return the height and the width of training images at a point of the training.

    The longer side grows evenly, by two pixels at a time.

    Example:
        >>> recipe = ImageRecipe(first_resolution=16, growth=0.5)
        >>> [size_at(recipe, (32, 32), progress)[0] for progress in (0.0, 0.25, 0.45, 0.5, 0.9)]
        [16, 24, 30, 32, 32]
    """
    longer, first = max(whole), recipe.first_resolution
    if not 0 < first < longer or progress >= recipe.growth:
        return whole
    steps = (longer - first + 1) // 2
    return reduced_size(*whole, first + 2 * int(steps * progress / recipe.growth))
