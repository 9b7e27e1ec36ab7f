"""Scikit-learn's handwritten digits: real 8x8 images that need no download."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, ClassVar

import numpy as np

from nas_env.tasks._images import MODERN, Images, ImageTask
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.recipe import Recipe

TEST_SIZE = 397  # of 1,797; fixed by a permutation of its own


@dataclass(frozen=True)
class Digits(ImageTask):
    """Handwritten digits, 8x8, 10 classes (Alpaydin & Kaynak 1998, from scikit-learn).

    1,000 images to train on, 400 to validate, 397 to test; three epochs. Few of both, so that
    the architecture matters more than the seed: see docs/digits.md for the spread of each.

    Attributes:
        train_size: Training images; None for all that are not for validation.
        validation_size: Images held out for validation.
    """

    train_size: int | None = 1_000
    validation_size: int = 400

    version: ClassVar[int] = 0
    licence: ClassVar[str] = "CC BY 4.0 (https://archive.ics.uci.edu/dataset/80)"
    input_shape: ClassVar[tuple[int, ...]] = (1, 8, 8)
    outputs: ClassVar[int] = 10
    available: ClassVar[int] = 1_400
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "short": ImageRecipe(epochs=3, schedule="one_cycle", upsample=0, flip=False),
        "paper": ImageRecipe(upsample=0, flip=False),
        "modern": replace(
            MODERN, padding=1, cutout=2, flip=False, alternate_flip=False, validation_flip=False
        ),
    }
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "short"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "NAS-Digits-v0": {
            "space": {"name": "convolutional", "layers": 4, "filters": [6, 12, 24, 36]}
        }
    }

    def verify(self) -> None:
        """Nothing to do: the images come with scikit-learn."""

    @property
    def checksums(self) -> Mapping[str, str]:
        """The SHA-256 of the images and labels, in the order of the task."""
        return {"images and labels": sha256(b"".join(map(np.ndarray.tobytes, _read()))).hexdigest()}

    def _read_train_images(self) -> Images:
        images, labels = _read()
        return images[TEST_SIZE:], labels[TEST_SIZE:]

    def _read_test_data(self) -> Images:
        images, labels = _read()
        return images[:TEST_SIZE], labels[:TEST_SIZE]


def _read() -> Images:
    """All 1,797, in one fixed random order (the file's own order goes by writer)."""
    from sklearn.datasets import load_digits

    digits: Any = load_digits()
    order = np.random.default_rng(1998).permutation(len(digits.target))
    images = (digits.images * (255 / 16)).round().astype(np.uint8)[..., None]
    return images[order], digits.target.astype(np.int64)[order]
