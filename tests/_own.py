"""Pictures of one's own for the tests: a shape and a colour for each class, always the same."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

NAMES = ("circle", "square", "triangle", "cross", "ring", "bar", "stripes", "diamond")
COLOURS = ((220, 40, 40), (40, 180, 60), (50, 80, 220), (230, 200, 40), (160, 60, 200),
           (40, 200, 210), (240, 140, 40), (150, 150, 150))  # fmt: skip


def draw(number, generator, height=32, width=32, mode="RGB"):
    """A picture of a class: its shape in about its colour, somewhere, before a dark ground."""
    far = number // (len(NAMES) * len(COLOURS))  # no shape in no colour is left: other grounds
    ground = generator.integers(0, 60, 3) + np.array([far % 3, far // 3 % 3, far // 9 % 3]) * 90
    image = Image.new("RGB", (width, height), tuple(np.clip(ground, 0, 255).tolist()))
    side = max(4, int(min(height, width) * generator.uniform(0.5, 0.8)))
    left, top = (int(generator.integers(0, n - side + 1)) for n in (width, height))
    base = np.array(COLOURS[number % len(COLOURS)]) + generator.integers(-15, 16, 3)
    colour = tuple(np.clip(base, 0, 255).tolist())
    _shape(ImageDraw.Draw(image), number // len(COLOURS) + number, (left, top, side), colour)
    return image.convert(mode)


def _shape(pen, number, place, colour):
    left, top, side = place
    right, bottom, middle = left + side - 1, top + side - 1, left + side // 2
    centre, third = top + side // 2, max(1, side // 3)
    match NAMES[number % len(NAMES)]:
        case "circle":
            pen.ellipse((left, top, right, bottom), fill=colour)
        case "square":
            pen.rectangle((left, top, right, bottom), fill=colour)
        case "triangle":
            pen.polygon([(middle, top), (left, bottom), (right, bottom)], fill=colour)
        case "cross":
            pen.rectangle((left + third, top, right - third, bottom), fill=colour)
            pen.rectangle((left, top + third, right, bottom - third), fill=colour)
        case "ring":
            pen.ellipse((left, top, right, bottom), outline=colour, width=max(1, side // 6))
        case "bar":
            pen.rectangle((left, centre - side // 8, right, centre + side // 8), fill=colour)
        case "stripes":
            for x in range(left, right + 1, max(2, side // 4)):
                pen.line((x, top, x, bottom), fill=colour, width=max(1, side // 8))
        case "diamond":
            corners = [(middle, top), (right, centre), (middle, bottom), (left, centre)]
            pen.polygon(corners, fill=colour)


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
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            height, width = sizes[(number + index) % len(sizes)]
            image = draw(number, generator, height, width, mode)
            image.save(folder / f"{index:05}{suffix}")
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
