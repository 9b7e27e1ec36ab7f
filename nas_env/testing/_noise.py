"""A task of a few images of noise, whose children take milliseconds, or fail if asked to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from nas_env.tasks import Images, ImageTask
from nas_env.training import images
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.recipe import Recipe

SPACE = {"name": "convolutional", "layers": 2, "filter_sizes": [1, 3], "filters": [2, 3]}
COUNT = 60


@dataclass(frozen=True)
class NoiseRecipe(ImageRecipe):
    """Training on noise.

    Attributes:
        fault: What a child does instead of training: ``"error"`` raises an error.
    """

    fault: Literal["", "error"] = ""

    engine: ClassVar[str] = "nas_env.testing._noise:train"


@dataclass(frozen=True)
class Noise(ImageTask):
    """Sixty images of noise in three classes.

    Attributes:
        first_label: Label of the first class; one that is not 0 does not fit the task.
    """

    validation_size: int = 20
    first_label: int = 0

    version: ClassVar[int] = 0
    input_shape: ClassVar[tuple[int, ...]] = (1, 4, 6)
    outputs: ClassVar[int] = 3
    available: ClassVar[int] = COUNT
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "short": NoiseRecipe(epochs=1, batch_size=20, upsample=0, flip=False)
    }
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "short"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def verify(self) -> None:
        """Do nothing: the images are drawn."""

    def _read_train_images(self) -> Images:
        return _noise(0, self.first_label)

    def _read_test_data(self) -> Images:
        return _noise(1, self.first_label)


def _noise(seed: int, first_label: int) -> Images:
    pixels = np.random.default_rng(seed).integers(256, size=(COUNT, 4, 6, 1), dtype=np.uint8)
    return pixels, np.arange(COUNT) % Noise.outputs + first_label


def train(child: Any, data: Any, recipe: NoiseRecipe, **rest: Any) -> Any:
    """Train a child, unless it is to fail."""
    if recipe.fault:
        raise RuntimeError("this child fails,\nas it was asked to")
    return images.train(child, data, recipe, **rest)
