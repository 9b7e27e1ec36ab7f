"""Decode files of images: a program of its own, which starts fast and imports nothing of ours.

It is given a job and then requests as lines of JSON, writes pixels into a mapped file, and answers
each request by a line. The package calls the same functions where files are few.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import IO

import numpy as np
from PIL import Image, ImageFile, ImageOps, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin

#: The formats that are read; importing a plugin is what makes Pillow know its format at once.
PLUGINS = (TiffImagePlugin, WebPImagePlugin)
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
GREY = ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
MOST_PIXELS = 100_000_000
ORIENTATION = 0x0112  # the tag of EXIF
SWAPPED = 5  # orientations from here on swap height and width


class Broken(Exception):
    """An image that cannot be used; the message is the reason in a few words."""


class Coloured(Exception):
    """An image has colour in a set that was taken for grey."""


@dataclass(frozen=True)
class Target:
    """The form that images are brought to; ``range`` is the black and white of numbers."""

    channels: int
    height: int
    width: int
    fit: str = "crop"
    range: Sequence[float] = ()
    clip: bool = False


@dataclass
class Part:
    """The outcome of reading some files: their number, the broken rows, what was done."""

    read: int = 0
    coloured: bool = False
    turned: int = 0
    blended: int = 0
    broken: dict[int, str] = field(default_factory=dict)


@contextmanager
def opened(path: str) -> Iterator[ImageFile.ImageFile]:
    """Open a file of one image of a bearable size; its pixels are not read yet.

    Raises:
        Broken: If it is none, or if reading it within the block fails.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            _check_header(image)
            yield image
    except (Broken, Coloured):
        raise
    except UnidentifiedImageError:
        known = "an empty file" if os.path.getsize(path) == 0 else "not an image's content"
        raise Broken(known) from None
    except Image.DecompressionBombError:
        raise Broken(f"more than {MOST_PIXELS:,} pixels") from None
    except Exception as error:  # whatever a damaged file makes a decoder say
        raise Broken(_reason(error)) from None


def shape(image: Image.Image) -> tuple[int, int]:
    """Return the height and width of an image as it is shown, by its header."""
    width, height = image.size
    return (width, height) if _orientation(image) >= SWAPPED else (height, width)


def decode(path: str, target: Target, part: Part) -> np.ndarray:
    """Decode a file and bring it to its target: uint8 (height, width) or (height, width, 3).

    Raises:
        Broken: If it cannot be used.
        Coloured: If it has colour and the target is grey.
    """
    with opened(path) as image:
        if target.channels == 1 and image.mode not in GREY:
            raise Coloured
        _draft(image, target)
        turned = _orientation(image) != 1
        whole = ImageOps.exif_transpose(image) if turned else image
        blended = transparent(whole)
        flat = _flat(whole, target, blended)
        part.turned += turned
        part.blended += blended
        return np.asarray(fitted(flat, target.height, target.width, target.fit))


def transparent(image: Image.Image) -> bool:
    """Return whether an image has a channel or a colour of transparency, by its header."""
    return image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info


def over_white(image: Image.Image) -> Image.Image:
    """Return an image with transparency before a white ground."""
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)


def fitted(image: Image.Image, height: int, width: int, fit: str) -> Image.Image:
    """Return an image in another size: covered and cropped, stretched, or padded with black.

    Shrinking averages areas, growing is bilinear.
    """
    if image.size == (width, height):
        return image
    across, down = image.width / width, image.height / height
    if fit == "crop":
        scale = min(across, down)
        # What rounding leaves beyond the edges would be refused.
        inner_width, inner_height = (
            min(image.width, width * scale),
            min(image.height, height * scale),
        )
        left, top = (image.width - inner_width) / 2, (image.height - inner_height) / 2
        box = (left, top, left + inner_width, top + inner_height)
        return image.resize((width, height), _filter(scale, scale), box=box)
    if fit == "stretch":
        return image.resize((width, height), _filter(across, down))
    scale = max(across, down)
    inner = max(1, round(image.width / scale)), max(1, round(image.height / scale))
    padded = Image.new(image.mode, (width, height))
    corner = (width - inner[0]) // 2, (height - inner[1]) // 2
    padded.paste(image.resize(inner, _filter(scale, scale)), corner)
    return padded


def to_bytes(values: np.ndarray, black: float, white: float) -> np.ndarray:
    """Return numbers as uint8, those of black as 0, those of white as 255, clipped to them."""
    number = np.float64 if values.dtype.itemsize == 8 else np.float32
    scaled = (values.astype(number) - number(black)) * number(255 / (white - black))
    return np.rint(scaled, out=scaled).clip(0, 255, out=scaled).astype(np.uint8)


def unfit(values: np.ndarray, range: Sequence[float], clip: bool) -> str:
    """Return why an image's numbers cannot be used, or an empty text if they can."""
    if odd := values.size - int(np.isfinite(values).sum()):
        return f"{odd:,} of {values.size:,} values are NaN or infinite"
    low, high = float(values.min()), float(values.max())
    beyond = slack(*range)
    if clip or (min(range) - beyond <= low and high <= max(range) + beyond):
        return ""
    usual = f"{min(range):g} to {max(range):g}"
    return f"values from {low:g} to {high:g}, outside of {usual}: set --task.range LOW HIGH"


def slack(black: float, white: float) -> float:
    """Return how far numbers may lie outside of their range: what rounding makes."""
    return abs(white - black) / 1_000


def read(first: int, paths: Sequence[str], pixels: np.ndarray, target: Target) -> Part:
    """Decode files into consecutive rows of ``pixels`` (n, height, width, channels)."""
    part = Part()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's own about sizes, palettes and EXIF
        for row, path in enumerate(paths, first):
            try:
                pixels[row] = decode(path, target, part).reshape(pixels.shape[1:])
            except Coloured:
                part.coloured = True
                break
            except Broken as reason:
                part.broken[row] = str(reason)
            part.read += 1
    return part


def _check_header(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        size = f"{image.width:,} x {image.height:,} pixels"
        raise Broken(f"{size}, more than {MOST_PIXELS:,}")
    # Formats of several images have this attribute; a camera's MPO has previews of its first one.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise Broken("animated, or several pages")


def _orientation(image: Image.Image) -> int:
    """Return how an image lies by its EXIF, 1 if upright; Pillow itself turns a TIFF."""
    if "exif" not in image.info or image.format == "TIFF":
        return 1
    with suppress(Exception):  # damaged EXIF is no EXIF
        found = image.getexif().get(ORIENTATION, 1)
        return found if found in range(1, 9) else 1
    return 1


def _draft(image: Image.Image, target: Target) -> None:
    """Let a JPEG far larger than its target be decoded at an eighth, a quarter or half."""
    if image.format not in ("JPEG", "MPO"):
        return
    height, width = shape(image)
    scale = 2 * max(target.height / height, target.width / width)
    if scale <= 0.5:
        image.draft(None, (int(image.width * scale) + 1, int(image.height * scale) + 1))


def _flat(image: Image.Image, target: Target, blended: bool) -> Image.Image:
    """Return an image as L or RGB, transparency over white."""
    mode = "L" if target.channels == 1 else "RGB"
    if image.mode[0] in "IF":
        values = np.asarray(image)
        if reason := unfit(values, target.range or (0, 255), target.clip):
            raise Broken(reason)
        image = Image.fromarray(to_bytes(values, *(target.range or (0, 255))))
    elif blended:
        image = over_white(image)
    return image if image.mode == mode else image.convert(mode)


def _filter(*scales: float) -> Image.Resampling:
    return Image.Resampling.BOX if min(scales) >= 1 else Image.Resampling.BILINEAR


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    text = " ".join(str(error).split())[:80] or type(error).__name__
    return "truncated" if "truncated" in text.lower() else f"damaged: {text}"


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Answer requests for rows and their files until there are no more."""
    job = json.loads(requests.readline())
    target = Target(**job["target"])
    pixels = np.memmap(job["file"], np.uint8, "r+", shape=tuple(job["shape"]))
    for line in requests:
        first, paths = json.loads(line)
        part = read(first, [os.path.join(job["folder"], path) for path in paths], pixels, target)
        print(json.dumps(asdict(part)), file=answers, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end of the requests ends this process
    with suppress(BrokenPipeError):
        serve(sys.stdin, sys.stdout)
