"""The headers of some files of images, which tell the form of all."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas_env.data._telling import broken_images, shown
from nas_env.data.images import decode
from nas_env.data.images._protocol import Reading
from nas_env.data.images._values import span
from nas_env.errors import DataInvalid, InvalidValue

SAMPLE = 1_000  # files whose headers are read


@dataclass(frozen=True)
class Header:
    """The header of a file.

    Attributes:
        path: Path of the file.
        height: Height in pixels, as it is shown.
        width: Width in pixels, as it is shown.
        colour: Whether it has colour.
        deep: Whether its pixels are no bytes.
        halved: Whether it has colour of 16 bits, of which Pillow reads the upper 8.
    """

    path: str
    height: int
    width: int
    colour: bool
    deep: bool
    halved: bool


def headers_of(path: str, folder: str, files: list[str]) -> list[Header]:
    """Read the headers of evenly spaced files, without the broken ones.

    Raises:
        DataInvalid: If all are broken; the message names the path that was given.
    """
    rows = np.unique(np.linspace(0, len(files) - 1, SAMPLE).astype(int)).tolist()
    headers, broken = [], {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own about sizes and EXIF
        for row in rows:
            try:
                headers.append(_header(os.path.join(folder, files[row])))
            except decode.Broken as reason:
                broken[files[row]] = str(reason)
    if not headers:
        raise broken_images(path, broken)
    return headers


def black_and_white(reading: Reading, headers: Sequence[Header]) -> tuple[float, ...]:
    """Return the numbers of black and white; none if all pixels are bytes.

    Raises:
        InvalidValue: If a range is given and all pixels are bytes.
        DataInvalid: If none is given and no usual one is meant.
    """
    deep = [header for header in headers if header.deep]
    path = shown(reading.path)
    if reading.range and not deep:
        found = f"the pixels of {path} are bytes"
        raise InvalidValue(f"--task.range is given, but {found}: leave it out")
    if reading.range or not deep:
        return reading.range
    lows, highs, whole = zip(*_extremes(reading, deep), strict=True)
    return span(f"{path}: pixels", min(lows), max(highs), all(whole))


def upper_bits(reading: Reading, headers: Sequence[Header]) -> tuple[str, ...]:
    """Return a note if there is colour of 16 bits.

    Raises:
        DataInvalid: If the upper bits, which are read, have next to nothing.
    """
    halved = [header for header in headers if header.halved]
    if not halved:
        return ()
    highest = max(high for _, high, _ in _extremes(reading, halved))
    if highest < 128:
        raise DataInvalid(
            f"{shown(reading.path)} has 16-bit colour whose upper 8 bits, which are read, go up to "
            f"{highest:g}, expected most of 255: save the images with 8 bits"
        )
    return ("16-bit colour by its upper 8 bits",)


def _header(path: str) -> Header:
    with decode.opened(path) as image:
        height, width = decode.shape(image)
        halved = image.mode == "RGB" and any("16" in str(tile[3]) for tile in image.tile)
        colour, deep = image.mode not in decode.GREY, image.mode[0] in "IF"
        return Header(path, height, width, colour, deep, halved)


def _extremes(reading: Reading, headers: Sequence[Header]) -> list[tuple[float, float, bool]]:
    """Return the lowest and highest number and whether they are integers, of unbroken images."""
    found, broken = [], {}
    for header in headers:
        try:
            found.append(_extreme(header.path))
        except decode.Broken as reason:
            broken[header.path] = str(reason)
    if not found:
        raise broken_images(reading.path, broken)
    return found


def _extreme(path: str) -> tuple[float, float, bool]:
    with decode.opened(path) as image:
        values = np.asarray(image)
        finite = values[np.isfinite(values)]
        if not finite.size:
            raise decode.Broken("all values are NaN or infinite")
    return float(finite.min()), float(finite.max()), values.dtype.kind in "ui"
