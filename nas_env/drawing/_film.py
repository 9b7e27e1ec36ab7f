"""Pictures one after the other, as an animated GIF."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from nas_env.files import write_bytes

COLOURS = 64  # enough for the colours of a drawing and the edges of its letters
LAST = 6  # times that the last picture is shown as long as the others


def write(frames: Iterable[np.ndarray], path: Path, seconds: float) -> None:
    """See :func:`nas_env.drawing.save_film`."""
    if path.suffix.lower() != ".gif":
        raise ValueError(f"cannot save a film as {path.name!r}, expected .gif")
    pictures = list(frames)
    palette = Image.fromarray(pictures[-1]).quantize(COLOURS, Image.Quantize.MEDIANCUT)
    first, *others = (_coloured(picture, palette) for picture in pictures)
    pause = round(1000 * seconds)
    durations = [pause] * len(others) + [LAST * pause]
    film = io.BytesIO()
    first.save(film, "GIF", save_all=True, append_images=others, duration=durations, loop=0)
    with suppress(OSError):  # the writing says what is wrong
        path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, film.getvalue())


def _coloured(frame: np.ndarray, palette: Image.Image) -> Image.Image:
    """Return a picture in the colours of another; the paper stays white, which Pillow misses."""
    colours = palette.getpalette() or []
    whitest = int(np.reshape(colours, (-1, 3)).sum(axis=1).argmax())
    found = Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
    places = np.where((frame == 255).all(axis=2), whitest, np.asarray(found))
    picture = Image.fromarray(places.astype(np.uint8))
    picture.putpalette(colours)
    return picture
