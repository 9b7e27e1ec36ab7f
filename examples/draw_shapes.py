"""Draw a small set of pictures in classes, to try a search on images of one's own.

python -m examples.draw_shapes shapes
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

NAMES = ("circle", "square", "triangle", "cross", "ring", "bar", "stripes", "diamond")
COLOURS = (
    (220, 40, 40),
    (40, 180, 60),
    (50, 80, 220),
    (230, 200, 40),
    (160, 60, 200),
    (40, 200, 210),
    (240, 140, 40),
    (150, 150, 150),
)
#: Pictures of each class, and heights and widths in pixels, which they have in turn.
COUNTS = {"circle": 200, "square": 160, "triangle": 120, "cross": 80, "ring": 40}
SIZES = ((96, 128), (80, 100), (120, 90))


def main() -> None:
    """Draw 600 pictures of unequal sizes in 5 unequal classes, a folder per class."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the pictures, which is made")
    folder = parser.parse_args().folder
    for number, (name, count) in enumerate(COUNTS.items()):
        draw_class(folder / name, number, count, np.random.default_rng(number))
    print(f"{folder}: {sum(COUNTS.values())} pictures, {len(COUNTS)} classes")


def draw_class(
    folder: Path,
    number: int,
    count: int,
    generator: np.random.Generator,
    *,
    sizes: tuple[tuple[int, int], ...] = SIZES,
    suffix: str = ".png",
    mode: str = "RGB",
) -> None:
    """Draw the pictures of a class into a folder, numbered from 0."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        height, width = sizes[(number + index) % len(sizes)]
        picture = draw(number, generator, height, width, mode)
        picture.save(folder / f"{index:05}{suffix}")


def draw(
    number: int,
    generator: np.random.Generator,
    height: int = 32,
    width: int = 32,
    mode: str = "RGB",
) -> Image.Image:
    """Return a picture of a class: its shape in about its colour, somewhere, on dark ground."""
    ground = tuple(generator.integers(0, 60, 3).tolist())
    image = Image.new("RGB", (width, height), ground)
    side = max(4, int(min(height, width) * generator.uniform(0.5, 0.8)))
    left, top = (int(generator.integers(0, n - side + 1)) for n in (width, height))
    base = np.array(COLOURS[number % len(COLOURS)]) + generator.integers(-15, 16, 3)
    colour = tuple(np.clip(base, 0, 255).tolist())
    _shape(ImageDraw.Draw(image), number // len(COLOURS) + number, (left, top, side), colour)
    return image.convert(mode)


def _shape(
    pen: ImageDraw.ImageDraw, number: int, place: tuple[int, int, int], colour: tuple[int, ...]
) -> None:
    """Draw the shape of a number into the square at a place: left, top, side."""
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


if __name__ == "__main__":
    main()
