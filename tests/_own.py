"""Pictures of one's own for the tests: a shape and a colour for each class, always the same."""

import csv
from pathlib import Path

import numpy as np

from examples.draw_shapes import NAMES, draw, draw_class


def names(classes):
    """Names of so many classes, in the order in which they are sorted."""
    return [f"{number:04}-{NAMES[number % len(NAMES)]}" for number in range(classes)]


def draw_folder(path, counts=(12, 9, 6), sizes=((32, 32),), suffix=".png", mode="RGB", seed=0):
    """A folder with a folder per class; sizes (height, width) in turn; returns the path.

    counts: images of each class, or a mapping from a class's name to them.
    """
    generator = np.random.default_rng(seed)
    counts = (
        counts if isinstance(counts, dict) else dict(zip(names(len(counts)), counts, strict=True))
    )
    for number, (name, count) in enumerate(counts.items()):
        folder = Path(path) / name
        draw_class(folder, number, count, generator, sizes=sizes, suffix=suffix, mode=mode)
    return Path(path)


def draw_arrays(counts=(12, 9, 6), size=(32, 32), mode="RGB", seed=0):
    """Images uint8 (n, height, width[, 3]) and their labels int64 (n,), shuffled."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    generator.shuffle(labels)
    images = np.stack([np.asarray(draw(n, generator, *size, mode)) for n in labels.tolist()])
    return images, labels.astype(np.int64)


def draw_npz(path, counts=(12, 9, 6), size=(32, 32), mode="RGB", seed=0, **more):
    """An .npz with images and labels, and more arrays; returns its path."""
    images, labels = draw_arrays(counts, size, mode, seed)
    np.savez_compressed(path, images=images, labels=labels, **more)
    return Path(path)


def write_csv(path, rows, header=("file", "label"), delimiter=","):
    """A .csv; returns its path."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([header, *rows] if header else rows)
    return Path(path)


def draw_csv(folder, counts=(12, 9, 6), sizes=((32, 32),), seed=0, **how):
    """A folder of images with labels.csv beside them; returns the path of the .csv."""
    drawn = draw_folder(Path(folder) / "images", counts, sizes, seed=seed)
    files = sorted(drawn.rglob("*.png"), key=lambda file: (file.name, file.parent.name))
    rows = [(file.relative_to(folder).as_posix(), file.parent.name) for file in files]
    return write_csv(Path(folder) / "labels.csv", rows, **how)


def draw_splits(folder):
    """Few pictures of three classes, a test split among them."""
    draw_folder(Path(folder) / "train", (30, 20, 14), sizes=((16, 16),))
    draw_folder(Path(folder) / "test", (4, 4, 4), sizes=((16, 16),), seed=1)
