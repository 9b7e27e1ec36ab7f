"""Fashion-MNIST: a small image task of the size of MNIST, and harder."""

from __future__ import annotations

import gzip
import tempfile
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

FOLDER = "FashionMNIST/raw"  # as torchvision lays it out
#: The paper's training of CIFAR-10. Clothes fill their frame, on black: they are moved by two
#: pixels over that black, and not enlarged, which would cut their edges off.
PAPER = ImageRecipe(upsample=0, padding=2, validation_view="original")


@dataclass(frozen=True)
class FashionMNIST(ImageTask):
    """Fashion-MNIST (Xiao et al. 2017, 1708.07747): 28x28 grey pictures of clothes, 10 classes.

    55,000 images to train on and 5,000 to validate, by a random split; the 10,000 published test
    images are for the final training alone.

    Attributes:
        train_size: Training images; None for all that are not for validation.
        validation_size: Images held out for validation.
    """

    version: ClassVar[int] = 0
    licence: ClassVar[str] = (
        "MIT, copyright Zalando SE "
        "(https://github.com/zalandoresearch/fashion-mnist/blob/master/LICENSE)"
    )
    input_shape: ClassVar[tuple[int, ...]] = (1, 28, 28)
    outputs: ClassVar[int] = 10
    available: ClassVar[int] = 60_000
    recipes: ClassVar[Mapping[str, Recipe]] = {
        "laptop": LAPTOP,
        "short": replace(PAPER, epochs=5, batch_size=128, schedule="one_cycle", weight_decay=5e-4),
        "paper": PAPER,
        "modern": replace(MODERN, padding=2),
    }
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "laptop", "cuda": "paper"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "NAS-FashionMNIST-v0": {"space": {"name": "convolutional", "layers": 6}}
    }

    def verify(self) -> None:
        """Check every file against its published MD5, once a process; download if missing."""
        _torchvision.verify(_files(), data_folder())

    @property
    def checksums(self) -> Mapping[str, str]:
        """The published MD5 of each file."""
        return dict(_files().checksums)

    def _read_train_images(self) -> Images:
        return _read("train")

    def _read_test_data(self) -> Images:
        return _read("t10k")


def _files() -> _torchvision.PublishedFiles:
    from torchvision.datasets import FashionMNIST as Published

    return _torchvision.PublishedFiles(
        title="Fashion-MNIST",
        folder=FOLDER,
        checksums=tuple(Published.resources),
        remedy=f"put these files of {Published.mirrors[0]} there, as they are",
        fetch=_fetch,
    )


def _fetch(data: Path) -> None:
    """Download all files or none."""
    from torchvision.datasets import FashionMNIST as Published
    from torchvision.datasets.utils import download_url

    with tempfile.TemporaryDirectory(dir=data) as unfinished:
        folder = Path(unfinished) / "raw"
        for name, md5 in Published.resources:
            download_url(f"{Published.mirrors[0]}{name}", folder, name, md5)
        (data / FOLDER).parent.mkdir(exist_ok=True)
        folder.rename(data / FOLDER)


def _read(split: str) -> Images:
    folder = data_folder() / FOLDER
    images = read_idx(folder / f"{split}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{split}-labels-idx1-ubyte.gz")
    return images[..., None], labels.astype(np.int64)


def read_idx(path: Path) -> np.ndarray:
    """The bytes of a gzipped IDX file: uint8, of the shape in its header.

    Two zeros, the type (8: unsigned bytes), the number of dimensions, then each dimension and the
    values; whole numbers are of four bytes, the highest first.
    """
    content = gzip.decompress(path.read_bytes())
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    return values.reshape(shape.tolist()).copy()
