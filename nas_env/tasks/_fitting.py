"""Choose what suits images of a size: poolings of the space, recipes of about a minute."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nas_env.tasks._images import MODERN
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.recipe import Recipe

LAYERS = 6
SMALLEST = 8  # pixels, about, of the side of the maps that most layers see
#: Pixels of images that a child of the default space is trained on in about a minute of a slow
#: core: 12,000 images of 32x32. Smaller images than 24x24 take as long as these.
PIXELS_A_MINUTE = 12_000 * 32 * 32
FEWEST_PIXELS = 24 * 24
EPOCHS = 40  # at most
BATCHES = (8, 64)  # images, at least and at most
#: A batch is so small that an epoch has about 30 of them, and the whole training 300.
STEPS_AN_EPOCH, STEPS = 30, 300


@dataclass(frozen=True)
class Fitted:
    """The settings that suit some images.

    Attributes:
        space: The search space.
        recipes: The recipes by name.
        notes: What was decided, and by which options it is changed.
    """

    space: Mapping[str, Any]
    recipes: Mapping[str, Recipe]
    notes: tuple[str, ...]


def fit(shape: tuple[int, ...], images: int, *, mirror: bool) -> Fitted:
    """Return the settings that suit so many training images of a shape.

    Args:
        shape: Channels, height and width.
        images: Number of training images.
        mirror: Whether an image that is mirrored left to right is still of its class.
    """
    _, height, width = shape
    places = poolings(height, width)
    short = _short(images, height * width, ImageRecipe(**_views(height, width), flip=mirror))
    recipes = {
        "short": short,
        "paper": ImageRecipe(**_views(height, width), flip=mirror),
        "modern": _modern(height, width, mirror),
    }
    space = {"name": "convolutional", "layers": LAYERS, "pooling": places}
    return Fitted(space, recipes, _notes(places, short))


def poolings(height: int, width: int) -> list[int]:
    """Return the layers after which maps are halved, until their sides are about 8 pixels.

    They come early, where the maps are large: an image of four times the pixels has one more.

    Example:
        >>> poolings(8, 8), poolings(32, 32), poolings(96, 128), poolings(512, 512)
        ([], [1, 2], [1, 2, 3, 4], [1, 2, 3, 4, 5])
    """
    side = math.sqrt(height * width)
    wanted = math.ceil(math.log2(max(side / SMALLEST, 1)) - 1e-9)
    possible = int(math.log2(min(height, width)))
    return list(range(1, min(wanted, possible, LAYERS - 1) + 1))


def _views(height: int, width: int) -> dict[str, Any]:
    """Return the settings of random crops, in proportion to the size: 4 pixels of 32."""
    padding = max(1, round(min(height, width) / 8))
    return {"upsample": 0, "padding": padding, "validation_view": "original"}


def _modern(height: int, width: int, mirror: bool) -> ImageRecipe:
    """Return the recipe of today, with cutout in proportion to the size: 8 pixels of 32."""
    cutout = max(1, round(min(height, width) / 4))
    flips = {"flip": mirror, "alternate_flip": mirror, "validation_flip": mirror}
    return replace(MODERN, **_views(height, width), **flips, cutout=cutout)


def _short(images: int, pixels: int, base: ImageRecipe) -> ImageRecipe:
    """Return a recipe of about a minute of a slow core, which depends on the data alone."""
    budget = PIXELS_A_MINUTE // max(pixels, FEWEST_PIXELS)
    epochs = min(max(round(budget / images), 2), EPOCHS)
    whole = epochs * images <= 1.5 * budget
    batch = max(1, min(images / STEPS_AN_EPOCH, min(epochs * images, budget) / STEPS))
    return replace(
        base,
        epochs=epochs,
        images=None if whole else budget // epochs,
        batch_size=min(max(2 ** int(math.log2(batch)), BATCHES[0]), BATCHES[1]),
        schedule="one_cycle",
        weight_decay=5e-4,
    )


def mirrored(shape: tuple[int, ...], classes: Sequence[str]) -> bool:
    """Tell whether images may be mirrored: not where classes could be signs.

    Grey images often show digits or text, and classes with names of one character are signs.
    """
    return shape[0] > 1 and not all(len(name) == 1 for name in classes)


def _notes(places: Sequence[int], short: ImageRecipe) -> tuple[str, ...]:
    layers = "layer" if len(places) == 1 else "layers"
    pooling = f"pooling after {layers} {', '.join(map(str, places))}" if places else "no pooling"
    pixels = "1 pixel" if short.padding == 1 else f"{short.padding} pixels"
    flip = (
        "mirrored left to right at random (--recipe.no-flip)"
        if short.flip
        else "not mirrored, since they may show signs (--recipe.flip)"
    )
    return (f"{pooling} (--space.pooling); training images moved by up to {pixels}, {flip}",)
