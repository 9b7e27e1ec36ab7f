"""CIFAR-10, the paper's image task."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nas_env.errors import DataCorrupt, DataNotFound
from nas_env.tasks._base import data_folder
from nas_env.tasks._images import Images, ImageTask
from nas_env.training.recipe import ImageRecipe, Recipe

#: How NAS-Bench-201 trains its cells (Dong & Yang 2020, section 2.3, table 1).
NAS_BENCH_201 = ImageRecipe(
    epochs=200,
    batch_size=256,
    weight_decay=5e-4,
    schedule="cosine",
    upsample=0,
    padding=4,
    validation_view="original",
    precision="float32",
)


@dataclass(frozen=True)
class CIFAR10(ImageTask):
    """CIFAR-10 (Krizhevsky 2009): 32x32 colour photographs, 10 classes.

    45,000 images to train on and 5,000 to validate, by a random split (section 4.1); the
    published test batch is for the final training alone.

    Attributes:
        train_size: Training images; None for all that are not for validation.
        validation_size: Images held out for validation.
    """

    version: ClassVar[int] = 0
    input_shape: ClassVar[tuple[int, ...]] = (3, 32, 32)
    outputs: ClassVar[int] = 10
    available: ClassVar[int] = 50_000
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "short": ImageRecipe(epochs=5, batch_size=128, schedule="one_cycle", weight_decay=5e-4),
        "paper": ImageRecipe(),
        "nas_bench_201": NAS_BENCH_201,
        "nas_bench_201_12": replace(NAS_BENCH_201, epochs=12),
    }
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "short", "cuda": "paper"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "NAS-CIFAR10-v0": {"space": {"name": "convolutional", "layers": 6}},
        "NAS-CIFAR10-Strides-v0": {
            "space": {"name": "convolutional", "layers": 6, "strides": [1, 2, 3]}
        },
    }

    def verify(self) -> None:
        """Check every batch against its published MD5, once a process; download if missing."""
        _verify(data_folder())

    def _read_train_images(self) -> Images:
        return _read(train=True)

    def _read_test_data(self) -> Images:
        return _read(train=False)


@functools.cache
def _verify(folder: Path) -> None:
    from torchvision.datasets import CIFAR10 as Published

    batches = folder / Published.base_folder
    checksums = dict(Published.train_list + Published.test_list)
    checksums[Published.meta["filename"]] = Published.meta["md5"]
    if not batches.is_dir():
        _download(folder, checksums)
    missing = [name for name in checksums if not (batches / name).is_file()]
    if missing:
        raise DataNotFound(_how_to_get(folder, missing))
    for name, expected in checksums.items():
        found = hashlib.md5((batches / name).read_bytes(), usedforsecurity=False).hexdigest()
        if found != expected:
            raise DataCorrupt(
                f"{batches / name} is corrupt: its MD5 is {found}, expected {expected}"
            )


def _download(folder: Path, names: Mapping[str, str]) -> None:
    from torchvision.datasets import CIFAR10 as Published

    try:
        folder.mkdir(parents=True, exist_ok=True)
        Published(str(folder), download=True)
    except (OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"{_how_to_get(folder, list(names))} (download failed: {reason})"
        raise DataNotFound(message) from None


def _how_to_get(folder: Path, missing: list[str]) -> str:
    from torchvision.datasets import CIFAR10 as Published

    return (
        f"CIFAR-10 not found: looked in {folder / Published.base_folder} for "
        f"{', '.join(missing)}; unpack {Published.url} into {folder}, "
        f"or set NAS_DATA to the folder that holds {Published.base_folder}"
    )


def _read(train: bool) -> Images:
    from torchvision.datasets import CIFAR10 as Published

    data = Published(str(data_folder()), train=train)
    return data.data, np.asarray(data.targets, dtype=np.int64)
