"""Data that does not fit its task is found before any child, and before a folder is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import gymnasium
import numpy as np
import pytest

import nas_env
from nas_env.command_line.train import main
from nas_env.errors import DataInvalid
from nas_env.problem import Problem
from nas_env.tasks import ImageTask, LanguageTask
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.language_recipe import LanguageRecipe

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(256, size=(60, 4, 6, 1)).astype(np.uint8)
LABELS = np.arange(60) % 3
SPACE = {"name": "convolutional", "layers": 1, "filters": [2, 3]}


@dataclass(frozen=True)
class Mine(ImageTask):
    """Sixty images of noise in three classes; what is read is a class variable."""

    validation_size: int = 20

    version: ClassVar[int] = 0
    input_shape: ClassVar[tuple[int, ...]] = (1, 4, 6)
    outputs: ClassVar[int] = 3
    available: ClassVar[int] = 60
    recipes: ClassVar = {"short": ImageRecipe(epochs=1, upsample=0, flip=False)}
    default_recipes: ClassVar = {"cpu": "short"}
    environments: ClassVar = {}
    read: ClassVar = (IMAGES, LABELS)
    reads: ClassVar[int] = 0

    def verify(self):
        """Nothing to do."""

    def _read_train_images(self):
        Mine.reads += 1
        return self.read() if callable(self.read) else self.read

    def _read_test_data(self):
        return self.read


@dataclass(frozen=True)
class Colour(Mine):
    """The same with three channels."""

    input_shape: ClassVar[tuple[int, ...]] = (3, 4, 6)


@dataclass(frozen=True)
class Text(LanguageTask):
    """A text of ten symbols."""

    version: ClassVar[int] = 0
    outputs: ClassVar[int] = 10
    recipes: ClassVar = {"short": LanguageRecipe(epochs=1)}
    default_recipes: ClassVar = {"cpu": "short"}
    environments: ClassVar = {}
    read: ClassVar = np.arange(50) % 10

    def verify(self):
        """Nothing to do."""

    def _read(self, split):
        return self.read


@pytest.fixture(autouse=True)
def fresh():
    """What was read is forgotten: each test reads something else."""
    from nas_env.evaluation import _data

    _data._check.cache_clear()
    _data._splits.cache_clear()


@pytest.fixture
def misfit(monkeypatch):
    """The id of an environment on labels that run from 1."""
    monkeypatch.setattr(Mine, "read", (IMAGES, LABELS + 1))
    nas_env.register("NAS-Misfit-v0", task=f"{__name__}:Mine", space=SPACE)
    yield "NAS-Misfit-v0"
    del gymnasium.registry["NAS-Misfit-v0"]


def raising():
    raise KeyError("pixels")


IMAGE_FAULTS = {
    "labels from 1": (
        (IMAGES, LABELS + 1),
        "its labels run from 1 to 3, expected 0 to 2; subtract 1",
    ),
    "labels below 0": ((IMAGES, LABELS - 1), "its labels run from -1 to 1, expected 0 to 2"),
    "too many classes": (
        (IMAGES, np.arange(60) % 12),
        "its labels run from 0 to 11, expected 0 to 2",
    ),
    "a class without images": (
        (IMAGES, LABELS % 2),
        "class 2 has no training image, expected some of each class, 0 to 2",
    ),
    "labels of 32 bits": (
        (IMAGES, LABELS.astype(np.int32)),
        "its labels are int32 (60), expected a numpy array, int64 (n,); "
        "convert them by .astype(np.int64)",
    ),
    "labels in a list": (
        (IMAGES, LABELS.tolist()),
        "its labels are a list, expected a numpy array, int64 (n,)",
    ),
    "one-hot labels": (
        (IMAGES, np.eye(3)[LABELS]),
        "its labels are float64 (60, 3), expected a numpy array, int64 (n,)",
    ),
    "no channels": (
        (IMAGES[..., 0], LABELS),
        "its images are uint8 (60, 4, 6), expected uint8 (n, 4, 6, 1): images, height, width, "
        "channels; add the axis of channels by images[..., None]",
    ),
    "another size": ((IMAGES[:, :2], LABELS), "its images are uint8 (60, 2, 6, 1), expected"),
    "floats": ((IMAGES / 255, LABELS), "its images are float64 (60, 4, 6, 1), expected uint8"),
    "fractions made bytes": (
        ((IMAGES / 256).astype(np.uint8), LABELS),
        "every pixel of its images is 0, expected values spread over 0 to 255",
    ),
    "fewer labels": (
        (IMAGES, LABELS[:50]),
        "it has 60 images and 50 labels, expected as many of both",
    ),
    "fewer than announced": (
        (IMAGES[:50], LABELS[:50]),
        "50 images that are not the test's, expected 60, its `available`",
    ),
    "no pair": (IMAGES, "its images are uint8 (60, 4, 6, 1), expected a tuple (images, labels)"),
    "an error": (raising, "cannot be read: KeyError: 'pixels'"),
}


@pytest.mark.parametrize("fault", IMAGE_FAULTS)
def test_images_that_do_not_fit_their_task(monkeypatch, fault):
    data, said = IMAGE_FAULTS[fault]
    monkeypatch.setattr(Mine, "read", staticmethod(data) if callable(data) else data)
    problem = Problem(f"{__name__}:Mine", SPACE, device="cpu")
    with pytest.raises(DataInvalid) as refused:
        problem.verify_data()
    assert str(refused.value).startswith(f"data of task {__name__}:Mine")
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_channels_that_come_first(monkeypatch):
    monkeypatch.setattr(Mine, "read", (np.repeat(IMAGES, 3, axis=3).transpose(0, 3, 1, 2), LABELS))
    with pytest.raises(DataInvalid, match=r"the channels last by images.transpose\(0, 2, 3, 1\)$"):
        Problem(f"{__name__}:Colour", SPACE, device="cpu").verify_data()


TEXT_FAULTS = {
    "symbols from 1": (
        np.arange(50) % 10 + 1,
        "symbols of the train text run from 1 to 10, expected 0 to 9; subtract 1",
    ),
    "too many symbols": (np.arange(50), "run from 0 to 49, expected 0 to 9"),
    "a short text": (np.arange(5), "symbols of the train text are 5, expected at least 8"),
    "floats": (np.zeros(50), "are float64 (50), expected a numpy array, int64 (n,)"),
}


@pytest.mark.parametrize("fault", TEXT_FAULTS)
def test_a_text_that_does_not_fit_its_task(monkeypatch, fault):
    data, said = TEXT_FAULTS[fault]
    monkeypatch.setattr(Text, "read", data)
    problem = Problem(f"{__name__}:Text", "recurrent_cell", device="cpu")
    with pytest.raises(DataInvalid) as refused:
        problem.verify_data()
    assert said in str(refused.value)


@pytest.mark.parametrize("evaluator", ["in_process", {"name": "workers", "workers": 1}])
def test_gym_make_says_it_at_the_first_reset(misfit, evaluator):
    for env in (
        gymnasium.make(misfit, evaluator=evaluator),
        gymnasium.make_vec(misfit, 2, vectorization_mode="vector_entry_point", evaluator=evaluator),
    ):
        with pytest.raises(DataInvalid, match="subtract 1"):
            env.unwrapped.reset()
        env.close()


def test_the_command_line_says_it_before_a_folder_is_made(misfit, tmp_path, capsys):
    status = main(["--env", misfit, "--run", str(tmp_path / "run"), "--workers", "0"])
    error = capsys.readouterr().err
    assert status == 2 and error.count("\n") == 1
    assert "its labels run from 1 to 3, expected 0 to 2; subtract 1" in error
    assert not (tmp_path / "run").exists()


def test_data_that_fits_is_read_once_for_the_check_and_the_children():
    before = Mine.reads
    for _ in range(2):
        problem = Problem(f"{__name__}:Mine", SPACE, device="cpu")
        problem.verify_data()
        ((_, evaluation),) = problem.evaluate([[0] * problem.space.length()])
        assert evaluation.status == "ok"
    assert Mine.reads == before + 1


def test_a_small_training_split_may_miss_a_class():
    """It is wished for; what the task announces is all of its images."""
    task = {"name": f"{__name__}:Mine", "train_size": 10}
    Problem(task, SPACE, device="cpu").verify_data()
