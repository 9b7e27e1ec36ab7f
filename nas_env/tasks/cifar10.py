"""CIFAR-10, the paper's image task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nas_env.data.folder import data_folder
from nas_env.tasks import _torchvision
from nas_env.tasks._images import LAPTOP, MODERN, Images, ImageTask
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.recipe import Recipe

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

#: How the fastest hand-made network for CIFAR-10 is trained (Jordan 2024, 2404.00498): about nine
#: minutes of two cores with it. The rate is 11.5 and the decay 0.0153 for 1,024 examples, both over
#: how much further momentum goes than a gradient, and of the sum over a batch: the decay is of the
#: rate, and the mean over a batch makes the rate 1,024 times as high and the decay as much lower.
AIRBENCH = ImageRecipe(
    epochs=10,
    batch_size=1_024,
    learning_rate=11.5 / (1 + 1 / (1 - 0.85)),
    momentum=0.85,
    weight_decay=0.0153 / 11.5,
    bias_rate=64.0,
    schedule="triangular",
    label_smoothing=0.2,
    batch_norm_epsilon=1e-12,
    batch_norm_momentum=0.4,
    lookahead=5,
    fitted_epochs=3,
    upsample=0,
    padding=2,
    reflect=True,
    alternate_flip=True,
    validation_view="original",
    validation_flip=True,
    validation_shift=1,
    threads=2,
)
#: The same with orthogonal steps of the filters, whose rate begins high and falls to nothing, and
#: with images that are small at first: docs/training.md has what each is worth.
RECORD = replace(
    AIRBENCH,
    epochs=8,
    batch_size=512,
    learning_rate=AIRBENCH.learning_rate / 2,  # for as many examples the same
    filter_rate=0.24,
    warm_up=0.0,
    final_rate=0.0,
    lookahead=0,
    first_resolution=16,
    growth=0.6,
)
#: The same in seconds, for a search: few images, a little smaller, which ordered networks best of
#: the recipes of as many seconds (docs/training.md).
RECORD_SEARCH = replace(
    RECORD,
    epochs=1,
    images=5_120,
    batch_size=128,
    learning_rate=AIRBENCH.learning_rate / 8,
    filter_rate=0.12,
    resolution=24,
    first_resolution=0,
    validation_flip=False,
    validation_shift=0,
    threads=1,
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
    licence: ClassVar[str] = (
        "none stated; the authors ask to cite Krizhevsky 2009 "
        "(https://www.cs.toronto.edu/~kriz/cifar.html)"
    )
    input_shape: ClassVar[tuple[int, ...]] = (3, 32, 32)
    outputs: ClassVar[int] = 10
    available: ClassVar[int] = 50_000
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "laptop": LAPTOP,
        "short": ImageRecipe(epochs=5, batch_size=128, schedule="one_cycle", weight_decay=5e-4),
        "paper": ImageRecipe(),
        "modern": MODERN,
        "airbench": AIRBENCH,
        "record": RECORD,
        "record_search": RECORD_SEARCH,
        "nas_bench_201": NAS_BENCH_201,
        "nas_bench_201_12": replace(NAS_BENCH_201, epochs=12),
    }
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "laptop", "cuda": "paper"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "NAS-CIFAR10-v0": {"space": {"name": "convolutional", "layers": 6}},
        "NAS-CIFAR10-Strides-v0": {
            "space": {"name": "convolutional", "layers": 6, "strides": [1, 2, 3]}
        },
        "NAS-CIFAR10-Pooling-v0": {
            "space": {
                "name": "convolutional",
                "layers": 13,
                "filters": [6, 12, 24, 36],
                "pooling": [4, 8],
                "block": 3,
            }
        },
        "NAS-CIFAR10-Record-v0": {
            "task": {"name": "cifar10", "max_parameters": 4_200_000, "max_flops": 800_000_000},
            "space": {"name": "staged", "filter_sizes": [1, 3]},  # with 5x5, most are too large
            "recipe": {"preset": "record_search"},
        },
    }

    def verify(self) -> None:
        """Check every batch against its published MD5, once a process; download if missing."""
        _torchvision.verify(_files(), data_folder())

    @property
    def checksums(self) -> Mapping[str, str]:
        """The published MD5 of each file."""
        return dict(_files().checksums)

    def _read_train_images(self) -> Images:
        return _read(train=True)

    def _read_test_data(self) -> Images:
        return _read(train=False)


def _files() -> _torchvision.PublishedFiles:
    from torchvision.datasets import CIFAR10 as Published

    meta = Published.meta["filename"], Published.meta["md5"]
    files = [*Published.train_list, *Published.test_list, meta]
    return _torchvision.PublishedFiles(
        title="CIFAR-10",
        folder=Published.base_folder,
        checksums=tuple((name, md5) for name, md5 in files),
        remedy=f"unpack {Published.url} into {{data}}",
        fetch=_fetch,
    )


def _fetch(data: Path) -> None:
    from torchvision.datasets import CIFAR10 as Published

    Published(str(data), download=True)


def _read(train: bool) -> Images:
    from torchvision.datasets import CIFAR10 as Published

    data = Published(str(data_folder()), train=train)
    return data.data, np.asarray(data.targets, dtype=np.int64)
