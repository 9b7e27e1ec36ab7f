"""Folders and listings of images that are odd or broken, each by a function that makes them so.

A function gets a folder with three classes, of which the first has four images, and returns the
path that is given, if it is another.
"""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from tests._own import draw, draw_csv, draw_folder, names, write_csv

FIRST, SECOND, THIRD = names(3)


def first(folder):
    return folder / FIRST / "00000.png"


def picture(height=32, width=32, mode="RGB"):
    return draw(0, np.random.default_rng(0), height, width, mode)


def emptied(folder):
    first(folder).write_bytes(b"")


def truncated(folder):
    content = first(folder).read_bytes()
    first(folder).write_bytes(content[: len(content) // 2])


def truncated_jpeg(folder):
    file = folder / FIRST / "photo.jpg"
    picture().save(file)
    file.write_bytes(file.read_bytes()[:-200])


def damaged(folder):
    content = bytearray(first(folder).read_bytes())
    content[len(content) // 2] ^= 255
    first(folder).write_bytes(content)


def web_page(folder):
    first(folder).write_text("<html>not found</html>")


def animated(suffix):
    def make(folder):
        pages = [picture(), draw(1, np.random.default_rng(1))]
        pages[0].save(folder / FIRST / f"moving{suffix}", save_all=True, append_images=pages[1:])

    return make


def bomb(folder):
    Image.new("1", (20_000, 20_000)).save(first(folder))


def smaller_bomb(folder):
    Image.new("1", (11_000, 10_000)).save(first(folder))


def link_outside(folder):
    outside = folder.parent / "outside.png"
    picture().save(outside)
    (folder / FIRST / "link.png").symlink_to(outside)


def class_outside(folder):
    draw_folder(folder.parent / "elsewhere", {"more": 2})
    (folder / "more").symlink_to(folder.parent / "elsewhere" / "more")


def link_to_nothing(folder):
    (folder / FIRST / "link.png").symlink_to("nothing.png")


def loop(folder):
    (folder / FIRST / "again").symlink_to(folder / FIRST)


def loop_of_two(folder):
    (folder / FIRST / "other").symlink_to(folder / SECOND)
    (folder / SECOND / "other").symlink_to(folder / FIRST)


def same_file(folder):
    os.link(first(folder), folder / SECOND / "same.png")


def linked_file(folder):
    (folder / SECOND / "same.png").symlink_to(first(folder))


def pipe(folder):
    os.mkfifo(folder / FIRST / "pipe.png")


def empty_class(folder):
    (folder / "nobody").mkdir()


def class_of_texts(folder):
    (folder / "nobody").mkdir()
    for number in range(3):
        (folder / "nobody" / f"{number}.heic").write_text("")


def many_broken(folder):
    for name in (FIRST, SECOND, THIRD):
        (folder / name / "00001.png").write_bytes(b"")
    damaged(folder)
    link_to_nothing(folder)


def missing(folder):
    return folder.parent / "sett"


def missing_above(folder):
    return folder / "not" / "there"


def empty_folder(folder):
    (folder.parent / "empty").mkdir()
    return folder.parent / "empty"


def without_classes(folder):
    return folder / FIRST


def texts_alone(folder):
    (folder.parent / "texts").mkdir()
    (folder.parent / "texts" / "a.txt").write_text("a")
    return folder.parent / "texts"


def listing_in_it(folder):
    (folder / FIRST / "labels.csv").write_text("file,label\n")
    return folder / FIRST


def one_class(folder):
    return draw_folder(folder.parent / "one", {"cats": 3})


def one_too_high(folder):
    return folder.parent


def splits_beside_classes(folder):
    draw_folder(folder / "train", {"cats": 2})


def split_twice(folder):
    for name in ("train", "val", "valid"):
        draw_folder(folder.parent / "split" / name, (2, 2))
    return folder.parent / "split"


def no_training(folder):
    for name in ("val", "test"):
        draw_folder(folder.parent / "split" / name, (2, 2))
    return folder.parent / "split"


def flat_split(folder):
    draw_folder(folder.parent / "split", {"train": 3})
    draw_folder(folder.parent / "split" / "val", (2, 2))
    return folder.parent / "split"


def one_image(folder):
    return first(folder)


def archive(folder):
    (folder.parent / "set.zip").write_bytes(b"PK")
    return folder.parent / "set.zip"


def parquet(folder):
    (folder.parent / "set.parquet").write_bytes(b"PAR1")
    return folder.parent / "set.parquet"


def twelve_bits(folder):
    for file in folder.rglob("*.png"):
        deep = np.asarray(Image.open(file).convert("L")).astype(np.uint16) * 16
        Image.fromarray(deep).save(file)


def floats(folder):
    """Images of floats, of which one has numbers that are none and one is truncated."""
    for file in sorted(folder.rglob("*.png")):
        values = np.asarray(Image.open(file).convert("L")) / np.float32(255)
        file.unlink()
        Image.fromarray(values).save(file.with_suffix(".tif"))
    values = np.full((32, 32), 0.5, np.float32)
    values[3, 4] = np.nan
    Image.fromarray(values).save(folder / FIRST / "00001.tif")
    content = (folder / FIRST / "00000.tif").read_bytes()
    (folder / FIRST / "00000.tif").write_bytes(content[:500])


def sixteen_bits(brightest):
    """Images of 16-bit colour, which Pillow does not write; the brightest value of each."""

    def make(folder):
        for file in folder.rglob("*.png"):
            values = np.full((32, 1 + 32 * 6), 0, np.uint8)
            values[:, 1:] = np.full((32, 32 * 3), brightest, ">u2").view(np.uint8)
            parts = {b"IHDR": struct.pack(">IIBBBBB", 32, 32, 16, 2, 0, 0, 0),
                     b"IDAT": zlib.compress(values.tobytes()), b"IEND": b""}  # fmt: skip
            chunks = [len(part).to_bytes(4) + name + part + zlib.crc32(name + part).to_bytes(4)
                      for name, part in parts.items()]  # fmt: skip
            file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))

    return make


def listed(rows, header=("file", "label"), **how):
    """A listing of rows beside the images, in which {0} stands for the first class."""

    def make(folder):
        named = [[str(field).format(FIRST, SECOND, THIRD) for field in row] for row in rows]
        return write_csv(folder / "labels.csv", named, header, **how)

    return make


def listing(**how):
    return lambda folder: draw_csv(folder.parent / "listed", (4, 3, 3), **how)


def text(content):
    """A listing with just this content."""

    def make(folder):
        Path(folder / "labels.csv").write_bytes(content)
        return folder / "labels.csv"

    return make
