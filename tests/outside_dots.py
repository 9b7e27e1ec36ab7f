"""A task of one's own data: pictures of a bright spot, whose half of the picture is the class.

Its space and its recipe follow from the data.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

import nas_env
from nas_env.errors import DataInvalid, DataNotFound, InvalidValue
from nas_env.metrics import VALIDATION_ACCURACY, Metric
from nas_env.tasks import TrainingTask
from nas_env.training.augmentation import ImageData
from nas_env.training.image_recipe import ImageRecipe

ID = "tests.outside_dots:Dots-v0"
VALIDATION = 20
reads: list[str] = []


def draw(file: Path, count: int = 60, side: int = 8, seed: int = 0) -> str:
    """Write pictures, uint8 (count, side, side), and return the file's name."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 60, (count, side, side), dtype=np.uint8)
    places = rng.integers(0, side, (2, count))
    images[np.arange(count), places[0], places[1]] = 255
    np.save(file, images)
    return str(file)


def read(path: str) -> np.ndarray:
    reads.append(path)
    if not Path(path).is_file():
        raise DataNotFound(f"no pictures of dots: {path} is not a file")
    return np.load(path)


def content_of(images: np.ndarray) -> str:
    return hashlib.sha256(images.tobytes() + str(images.shape).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Dots(TrainingTask):
    """Dots in the left or the right half of a picture.

    Attributes:
        path: File of the pictures, ``.npy``.
        size: Side of the pictures; None for their own.
        content: Hash of the pictures, found when they are read.
    """

    path: str = ""
    size: int | None = None
    content: str | None = None

    version: ClassVar[int] = 0
    metric: ClassVar[Metric] = VALIDATION_ACCURACY
    metrics: ClassVar = (VALIDATION_ACCURACY, Metric("validation_error", maximise=False))
    outputs: ClassVar[int] = 2
    content_setting: ClassVar[str | None] = "content"
    default_recipes: ClassVar = {"cpu": "short"}
    environments: ClassVar = {}

    def __post_init__(self):
        super().__post_init__()
        if self.path:
            object.__setattr__(self, "path", str(Path(self.path).absolute()))

    @property
    def source(self):
        return {"path": self.path}

    def settled(self):
        if not self.path:
            raise InvalidValue("task.path is missing: give a file of pictures, --task.path FILE")
        return self if self.content else replace(self, content=content_of(read(self.path)))

    def verify(self):
        if self.content != (found := content_of(read(self.path))):
            raise DataInvalid(
                f"{self.path} has changed: {found}, the search began with {self.content}"
            )

    @cached_property
    def images(self):
        images = np.load(self.path)
        return images[:, : self.size, : self.size]

    @property
    def input_shape(self):
        return (1, *self.images.shape[1:])

    @property
    def space(self):
        layers = 1 if self.content is None else len(self.images) // 30
        return {"name": "convolutional", "layers": layers, "filter_sizes": [1], "filters": [2, 3]}

    @property
    def recipes(self):
        epochs = 1 if self.content is None else len(self.images) // 20
        return {"short": ImageRecipe(epochs=epochs, batch_size=10, upsample=0, flip=False)}

    @property
    def notes(self):
        return (f"{len(self.images)} pictures", "left and right") if self.content else ()

    @property
    def facts(self):
        return {"classes": ["left", "right"], "content": self.content} if self.content else {}

    @property
    def guessing(self):
        return {"validation_accuracy": 0.5}

    def interval(self, metrics):
        value = metrics["validation_accuracy"]
        return max(value - 0.1, 0.0), min(value + 0.1, 1.0)

    def cheaper(self):
        return {"size": (self.input_shape[1] // 2, 0.25)}

    def measure(self, curves):
        accuracy = curves["validation_accuracy"]
        return super().measure({**curves, "validation_error": [1 - each for each in accuracy]})

    def search_data(self):
        images = torch.from_numpy(np.ascontiguousarray(self.images[..., None]))
        side = self.images.shape[2]
        labels = (self.images.reshape(len(images), -1).argmax(1) % side >= side // 2).astype(
            np.int64
        )
        labels = torch.from_numpy(labels)
        held = slice(0, VALIDATION), slice(VALIDATION, None)
        return ImageData(images[held[1]], labels[held[1]], images[held[0]], labels[held[0]])

    def _read_test_data(self):
        return self.images[:1]


nas_env.register("Dots-v0", task="tests.outside_dots:Dots")
