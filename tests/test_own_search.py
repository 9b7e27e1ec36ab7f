"""Images as people have them: one command finds a network that beats guessing the commonest class.

The commands are those of the documentation, but for smaller networks and fewer children.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas_env.command_line.train import main
from nas_env.tasks import make_task
from tests._own import draw_arrays, draw_folder

SMALL = ["--space.layers", "3", "--space.filters", "8", "16", "--agent", "random_search"]
SMALL += ["--children", "2", "--recipe.epochs", "6", "--workers", "0", "--quiet"]


def unequal(folder):
    """Coloured pictures of unequal sizes in five unequal classes, 600 in all."""
    counts = {"circle": 200, "square": 160, "triangle": 120, "cross": 80, "ring": 40}
    return draw_folder(folder, counts, sizes=((96, 128), (80, 100), (60, 45)))


def grey(folder):
    """Grey pictures of 28x28 as arrays without an axis of channels; labels begin at 1."""
    images, labels = draw_arrays((100, 90, 80), (28, 28), "L")
    np.savez(folder / "grey.npz", images=images, labels=labels + 1)
    return folder / "grey.npz"


def large(folder):
    """64 pictures of 320x320."""
    return draw_folder(folder, {"circle": 34, "square": 30}, sizes=((320, 320),))


def rare(folder):
    """Two classes, 97 to 3."""
    return draw_folder(folder, {"common": 970, "rare": 30}, sizes=((16, 16),))


def thousand(folder):
    """1,000 classes of four pictures: the colours of the left half, the right half, and both."""
    generator = np.random.default_rng(0)
    for number in range(1_000):
        place = folder / f"class-{number:03}"
        place.mkdir()
        picture = np.zeros((8, 8, 3))
        picture[:, :, 0] = 25 * (number % 10)
        picture[:, 4:, 1] = 25 * (number // 10 % 10)
        picture[:, :, 2] = 25 * (number // 100)
        for index in range(4):
            noisy = (picture + generator.integers(0, 20, picture.shape)).clip(0, 255)
            Image.fromarray(noisy.astype(np.uint8)).save(place / f"{index}.png")
    return folder


@pytest.mark.parametrize(
    "draw", [unequal, grey, large, rare, thousand], ids=lambda draw: draw.__name__
)
def test_one_command_finds_a_network_that_beats_guessing(draw, tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    path: Path = draw(pictures)
    run = tmp_path / "run"
    line = ["--env", "NAS-Images-v0", "--task.path", str(path), "--run", str(run)]
    assert main([*line, *SMALL]) == 0
    summary = json.loads((run / "summary.json").read_text())
    low, high = summary["best"]["interval"]
    guessed = summary["guessing"]["validation_accuracy"]
    assert guessed < low <= summary["best"]["validation_accuracy"] <= high
    assert summary["failed"] == {}
    config = json.loads((run / "config.json").read_text())
    data = json.loads((run / "data.json").read_text())
    task = make_task(config["make"]["task"])
    assert data["classes"] == list(task.facts["classes"])
    assert config["make"]["task"]["content"] == data["content"]


@pytest.mark.parametrize(
    "size, expected",
    [(None, {"size": (16, 0.25)}), ((20, 24), {"size": ((10, 12), 0.25)}), ((8, 20), {})],
    ids=str,
)
def test_half_the_size_is_a_quarter_of_the_work(size, expected, tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    path = draw_folder(tmp_path / "pictures", {"circle": 8, "square": 8})
    task = make_task({"name": "images", "path": str(path), "size": size}).settled()
    assert task.cheaper() == expected
    for value, _ in expected.values():
        smaller = make_task({**task.spec, "size": value, "content": None}).settled()
        assert np.prod(smaller.input_shape) * 4 == np.prod(task.input_shape)
