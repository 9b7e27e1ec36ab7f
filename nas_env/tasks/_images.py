"""The base of image tasks: the split, and the accuracy that is measured."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch

from nas_env.errors import InvalidValue
from nas_env.metrics import VALIDATION_ACCURACY, Metric, accuracy_interval
from nas_env.tasks._base import TrainingTask
from nas_env.tasks._checks import check_classes, check_images
from nas_env.training.augmentation import ImageData
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.preprocessing import ImagePreprocessing
from search_spaces._settings import at_least

Images = tuple[np.ndarray, np.ndarray]  # uint8 (n, height, width, channels), int64 (n,)

#: Less than a minute of a slow core for 6 layers on CIFAR-10. Of the recipes compared, it puts
#: networks in the order that agrees best with the order by a training twenty times as long
#: (``python -m benchmarks.fidelity``; docs/training.md has the table).
LAPTOP = ImageRecipe(
    epochs=2,
    images=30_000,
    schedule="one_cycle",
    weight_decay=5e-4,
    resolution=8,
    upsample=9,
)

#: The parts of a recipe of today beside the paper's: ``python -m benchmarks.recipes`` has what each
#: of them is worth. For images of 32x32 that may be mirrored.
MODERN = ImageRecipe(
    learning_rate=0.2,
    schedule="triangular",
    weight_decay=5e-4,
    decay_vectors=False,
    label_smoothing=0.1,
    averaging=0.99,
    upsample=0,
    padding=4,
    validation_view="original",
    cutout=8,
    alternate_flip=True,
    validation_flip=True,
)


@dataclass(frozen=True)
class ImageTask(TrainingTask):
    """Images in classes.

    Attributes:
        train_size: Training images; None for all that are not for validation.
        validation_size: Images held out for validation.
    """

    train_size: int | None = None
    validation_size: int = 5_000

    metric: ClassVar[Metric] = VALIDATION_ACCURACY
    objective: ClassVar[str | Mapping[str, Any]] = "accuracy_cubed"
    train_size_setting: ClassVar[str | None] = "train_size"
    #: Of the random split into training and validation; part of the task's version.
    split_seed: ClassVar[int] = 0
    #: Images that are not the test's.
    available: ClassVar[int]

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, train_size=10, validation_size=10)
        most = self.available - self.validation_size
        if most < 10 or (self.train_size or 10) > most:
            raise InvalidValue(
                f"train_size {self.train_size} and validation_size {self.validation_size} "
                f"do not fit into {self.available:,} images"
            )

    def interval(self, metrics: Mapping[str, float]) -> tuple[float, float] | None:
        """Return the 95% interval of an accuracy on so many validation images."""
        if self.metric != VALIDATION_ACCURACY:
            return None
        return accuracy_interval(metrics[self.metric.name], self.validation_size)

    @abstractmethod
    def _read_train_images(self) -> Images:
        """All images that are not the test's."""

    def search_data(self) -> ImageData:
        """A random split with a fixed seed; ``train_size`` keeps the first of the training part.

        Raises:
            DataInvalid: If the images or labels are not what the task says of them.
        """
        data = self._read_train_images()
        check_images(self, data)
        images, labels = data
        order = np.random.default_rng(self.split_seed).permutation(len(labels))
        held_out, rest = np.split(order, [self.validation_size])
        check_classes(self, labels[rest])
        chosen = rest[: self.train_size]
        return ImageData(
            torch.from_numpy(images[chosen]),
            torch.from_numpy(labels[chosen]),
            torch.from_numpy(images[held_out]),
            torch.from_numpy(labels[held_out]),
        )

    def final_data(self) -> ImageData:
        """Return the images of both splits to train on, the validation split's last."""
        return self.search_data().joined()

    def preprocessing(self, data: ImageData, recipe: ImageRecipe) -> ImagePreprocessing:
        """Return how validation images are brought to what a network reads."""
        return ImagePreprocessing.of(data, recipe)
