"""Images of one's own: a folder with a folder per class, arrays, or a list of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch

from nas_env.data.images import SIDES, Prepared, Reading, check, prepare
from nas_env.data.images.splits import Division, divide
from nas_env.errors import DataNotFound
from nas_env.metrics import (
    VALIDATION_ACCURACY,
    VALIDATION_BALANCED_ACCURACY,
    Metric,
    accuracy_interval,
)
from nas_env.tasks._base import TrainingTask
from nas_env.tasks._fitting import Fitted, fit, mirrored
from nas_env.tasks._images import Images
from nas_env.training.augmentation import ImageData
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.mapped import Pages
from nas_env.training.preprocessing import ImagePreprocessing
from nas_env.training.recipe import Recipe
from nas_env.training.rows import shared
from search_spaces._settings import at_least


@dataclass(frozen=True)
class OwnImages(TrainingTask):
    """Images of one's own in classes (docs/your_data.md).

    They are read once, into a cache in the data folder (``NAS_DATA``), and identified by a hash of
    their content, so that changed data is never answered from an old run.

    Attributes:
        path: Folder with a folder of images per class; or an ``.npz`` with ``images`` and
            ``labels``, one of two ``.npy``, or a ``.csv`` of file names and labels.
        layout: Place of the channels in arrays, where it is not clear.
        size: Size to which images are brought: one number, the longer side; or height and width.
            None for their own, or the median if they differ; at most 32 pixels on the longer side.
        fit: What is done with an image of another shape: ``crop`` scales it to cover the size and
            cuts the edges off, ``stretch`` distorts it, ``pad`` adds black edges.
        range: Numbers that stand for black and for white, where pixels are no bytes and it is not
            clear; none if it is.
        columns: Columns of a ``.csv``: file, label, and split if there is one; none if they have
            the usual names.
        classes: Classes to use, in this order; none for all.
        skip_broken: Continue without images that cannot be used.
        content: Hash that the content of the data must have. A run keeps it, so that changed data
            is refused; None for whatever the data is now.
        validation: Share of the images that is held out for validation, or from 1 on their number,
            where the data has no validation split of its own; None for a fifth.
        test: Share or number likewise held out for the final test, where the data has no test
            split of its own; None for none.
        train_size: Training images; None for all that are left.
        licence: Licence of the images, for the model card of a network; not stated if empty.
    """

    path: str = ""
    layout: Literal["auto", "channels-first", "channels-last"] = "auto"
    size: int | tuple[int, int] | None = None
    fit: Literal["crop", "stretch", "pad"] = "crop"
    range: tuple[float, ...] = ()
    columns: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    skip_broken: bool = False
    content: str | None = None
    validation: float | None = None
    test: float | None = None
    train_size: int | None = None
    licence: str = ""  # type: ignore[override]

    version: ClassVar[int] = 0
    metric: ClassVar[Metric] = VALIDATION_ACCURACY
    objective: ClassVar[str | Mapping[str, Any]] = "accuracy_cubed"
    train_size_setting: ClassVar[str | None] = "train_size"
    content_setting: ClassVar[str | None] = "content"
    told: ClassVar[frozenset[str]] = frozenset({"licence"})
    #: Seed of the division into splits; part of the task's version.
    split_seed: ClassVar[int] = 0
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "short", "cuda": "paper"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {"NAS-Images-v0": {}}

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, validation=0, test=0, train_size=2)
        if self.path:
            _ = self.reading  # it checks the settings

    # -- the data --------------------------------------------------------------------------------
    @property
    def source(self) -> Mapping[str, Any]:
        """The settings that say where the images lie and how they are read."""
        return {field.name: self.spec[field.name] for field in fields(Reading)}

    @cached_property
    def reading(self) -> Reading:
        """The images to read.

        Raises:
            InvalidValue: If there is no path, or a setting is wrong.
        """
        settings = asdict(self)
        return Reading(**{field.name: settings[field.name] for field in fields(Reading)})

    @cached_property
    def _prepared(self) -> Prepared:
        return prepare(self.reading, self.content)

    @cached_property
    def _division(self) -> Division:
        return divide(
            self._prepared,
            validation=self.validation,
            test=self.test,
            train_size=self.train_size,
            seed=self.split_seed,
        )

    def settled(self) -> Self:
        """Return the task with the hash of its content."""
        return replace(self, path=self.reading.path, content=self._prepared.content)

    def verify(self) -> None:
        """Check that the images are there, and are those of the task."""
        check(self.reading, self._prepared.content)

    def search_data(self) -> ImageData:
        """Return the training and validation images: a map of the cache, which is never copied."""
        mapped = self._prepared.pixels()
        pixels = shared(mapped)
        train, validation = map(torch.from_numpy, (self._division.train, self._division.validation))
        labels = torch.from_numpy(self._prepared.labels)
        chosen = pixels, labels[train], pixels, labels[validation], train, validation
        return ImageData(*chosen, Pages(mapped))

    def final_data(self) -> ImageData:
        """Return the images of both splits to train on, the validation split's last."""
        return self.search_data().joined()

    def preprocessing(self, data: ImageData, recipe: ImageRecipe) -> ImagePreprocessing:
        """Return how validation images are brought to what a network reads."""
        return ImagePreprocessing.of(data, recipe)

    def check_test_split(self) -> None:
        """Check that some images are held out for the test."""
        if not len(self._division.test):
            raise DataNotFound(
                f"{self.path} has no test split: put one beside it, or hold one out by --task.test"
            )

    def _read_test_data(self) -> Images:
        self.check_test_split()
        rows = self._division.test
        return self._prepared.pixels()[rows], self._prepared.labels[rows]

    # -- what fits the data ----------------------------------------------------------------------
    @cached_property
    def _fitted(self) -> Fitted:
        """The settings that suit the images; without a path, those for 1,000 images of 32x32."""
        if not self.path:
            return fit((3, 32, 32), 1_000, mirror=True)
        shape, train = self._prepared.shape, len(self._division.train)
        return fit(shape, train, mirror=mirrored(shape, self._prepared.classes))

    @property
    def input_shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """The shape of one image: channels, height, width."""
        return self._prepared.shape

    @property
    def outputs(self) -> int:  # type: ignore[override]
        """The number of classes."""
        return len(self._prepared.classes)

    @property
    def space(self) -> Mapping[str, Any]:
        """The search space: convolutions, with poolings as the size of the images asks for."""
        return self._fitted.space

    @property
    def recipes(self) -> Mapping[str, Recipe]:  # type: ignore[override]
        """The recipe ``short``, about a minute of a slow core, and the paper's."""
        return self._fitted.recipes

    def cheaper(self) -> Mapping[str, tuple[Any, float]]:
        """Return half the size, which leaves a quarter of the pixels."""
        _, height, width = self._prepared.shape
        if min(height, width) < 2 * SIDES[0]:
            return {}
        half = height // 2, width // 2
        return {"size": (half if isinstance(self.size, tuple) else max(half), 0.25)}

    # -- what is said of it ----------------------------------------------------------------------
    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The accuracy, and the mean accuracy of the classes."""
        return (VALIDATION_ACCURACY, VALIDATION_BALANCED_ACCURACY)

    @property
    def notes(self) -> Sequence[str]:
        """Lines on what was taken for what, what is odd, and what was chosen to fit."""
        prepared, division = self._prepared, self._division
        taken = (
            f"{len(prepared.rows):,} images, {self.outputs:,} classes",
            "×".join(map(str, prepared.shape)),
            *prepared.notes,
        )
        first = "; ".join((", ".join(taken), *division.notes))
        return (first, *prepared.warnings, *division.warnings, *self._fitted.notes)

    @property
    def facts(self) -> Mapping[str, Any]:
        """Names of the classes, numbers of images, content."""
        prepared, division = self._prepared, self._division
        return {
            "content": prepared.content,
            "classes": list(prepared.classes),
            "shape": list(prepared.shape),
            "images": {
                "train": len(division.train),
                "validation": len(division.validation),
                "test": len(division.test),
            },
        }

    @property
    def guessing(self) -> Mapping[str, float]:
        """The metrics of a guess at the commonest class of the training images."""
        labels, division = self._prepared.labels, self._division
        commonest = np.bincount(labels[division.train], minlength=self.outputs).argmax()
        share = float((labels[division.validation] == commonest).mean())
        return {
            VALIDATION_ACCURACY.name: share,
            VALIDATION_BALANCED_ACCURACY.name: 1 / self.outputs,
        }

    def interval(self, metrics: Mapping[str, float]) -> tuple[float, float]:
        """Return the 95% interval of an accuracy on so many validation images."""
        return accuracy_interval(metrics[self.metric.name], len(self._division.validation))
