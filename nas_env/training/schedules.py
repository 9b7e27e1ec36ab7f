"""Learning-rate schedules: the factor of the highest rate, as a function of progress in [0, 1)."""

from __future__ import annotations

import math
from collections.abc import Callable

from nas_env.training.image_recipe import ImageRecipe

WARM_UP = 0.3  # of the training, in one_cycle (Smith & Topin 2017, 1708.07120)
FIRST_RATE = 0.2  # of the highest, at which triangular begins (Jordan 2024, 2404.00498)


def schedule(recipe: ImageRecipe) -> Callable[[float], float]:
    """The schedule that a recipe names.

    Example:
        >>> factor = schedule(ImageRecipe(schedule="step"))
        >>> [round(factor(progress), 3) for progress in (0.0, 0.5, 0.75)]
        [1.0, 0.1, 0.01]
    """
    if recipe.schedule == "step":
        return lambda progress: math.prod(
            (recipe.decay_factor for point in recipe.decay_points if progress >= point), start=1.0
        )
    if recipe.schedule == "triangular":
        return lambda progress: triangular(progress, recipe.warm_up, recipe.final_rate)
    return {"one_cycle": one_cycle, "cosine": cosine, "constant": constant}[recipe.schedule]


def one_cycle(progress: float) -> float:
    """Linear from a tenth to 1 during the first 30%, then a cosine down to 0."""
    if progress < WARM_UP:
        return 0.1 + 0.9 * progress / WARM_UP
    return cosine((progress - WARM_UP) / (1 - WARM_UP))


def triangular(progress: float, warm_up: float, final_rate: float) -> float:
    """Linear from a fifth to 1 during ``warm_up``, then linear down to ``final_rate``.

    Example:
        >>> [round(triangular(p, 0.2, 0.1), 3) for p in (0.0, 0.1, 0.2, 0.6, 1.0)]
        [0.2, 0.6, 1.0, 0.55, 0.1]
    """
    if progress < warm_up:
        return FIRST_RATE + (1 - FIRST_RATE) * progress / warm_up
    return 1 - (1 - final_rate) * (progress - warm_up) / (1 - warm_up)


def cosine(progress: float) -> float:
    """Half a cosine, from 1 down to 0."""
    return (1 + math.cos(math.pi * progress)) / 2


def constant(progress: float) -> float:
    """Always the highest."""
    return 1.0
