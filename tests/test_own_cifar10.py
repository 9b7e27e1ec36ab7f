"""CIFAR-10 as anyone would bring it gives the same child as the task that ships."""

from pathlib import Path

import gymnasium
import numpy as np
import pytest
from PIL import Image

import nas_env  # noqa: F401 - registers the ids
from nas_env.tasks import make_task
from nas_env.tasks.cifar10 import CIFAR10

SIZES = {"train_size": 600, "validation_size": 200}
SPACE = {"name": "convolutional", "layers": 3, "filters": [4, 8]}
RECIPE = {**CIFAR10.recipes["short"].spec, "epochs": 2}


@pytest.fixture(scope="module")
def data(cifar10_data):
    """The images and labels of both splits, in the order of the task's."""
    task = make_task({"name": "cifar10", **SIZES})
    task.verify()
    data = task.search_data()
    train = data.train.at(np.arange(len(data.train)))
    validation = data.validation.at(np.arange(len(data.validation)))
    return {
        "images": train.numpy(),
        "labels": data.train_labels.numpy(),
        "validation_images": validation.numpy(),
        "validation_labels": data.validation_labels.numpy(),
    }


def arrays(data, folder):
    np.savez(folder / "cifar10.npz", **data)
    return folder / "cifar10.npz"


def pictures(data, folder):
    for split, prefix in (("train", ""), ("val", "validation_")):
        for number, image in enumerate(data[f"{prefix}images"]):
            place = folder / "set" / split / str(data[f"{prefix}labels"][number])
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{number:05}.png")
    return folder / "set"


def listed(data, folder):
    pictures(data, folder)
    rows = ["file,label,split"]
    for split, prefix in (("train", ""), ("val", "validation_")):
        for number, label in enumerate(data[f"{prefix}labels"]):
            rows.append(f"set/{split}/{label}/{number:05}.png,{label},{split}")
    (folder / "list.csv").write_text("\n".join(rows))
    return folder / "list.csv"


def child(id, task):
    env = gymnasium.make(id, task=task, space=SPACE, recipe=RECIPE, device="cpu")
    tokens = env.unwrapped.search_space.sample(np.random.default_rng(5))
    env.reset()
    for token in tokens:
        _, reward, *_, info = env.step(token)
    env.close()
    return reward, info["evaluation"]["curves"], info["evaluation"]["parameters"]


@pytest.mark.parametrize("form", [arrays, pictures, listed])
def test_it_gives_the_same_child_to_the_last_digit(form, data, tmp_path, monkeypatch):
    path: Path = form(data, tmp_path)
    published = child("NAS-CIFAR10-v0", SIZES)
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    assert child("NAS-Images-v0", {"path": str(path)}) == published
