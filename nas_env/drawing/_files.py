"""Turns a figure into pixels, or into a file."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nas_env.drawing import _svg
from nas_env.drawing._canvas import Drawing
from nas_env.errors import NASError

DPI = 200  # of a PNG file
#: Nothing in a file says when it was made, or by which version.
METADATA = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}
SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "nas_env",
    "savefig.bbox": None,
    "savefig.facecolor": "auto",
}


def pixels(figure: Figure) -> np.ndarray:
    """See :func:`nas_env.drawing.to_rgb`."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def vector(figure: Figure) -> str:
    """See :func:`nas_env.drawing.to_svg`."""
    if isinstance(figure, Drawing):
        return _svg.write(figure)
    text = io.StringIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(text, format="svg", metadata=METADATA["svg"])
    return text.getvalue()


def write(figure: Figure, path: Path) -> None:
    """See :func:`nas_env.drawing.save`."""
    kind = path.suffix.removeprefix(".").lower()
    if kind not in METADATA:
        raise ValueError(f"cannot save a picture as {path.name!r}, expected .png or .svg")
    try:
        with replaced(path) as part:
            if kind == "svg":
                part.write_text(vector(figure), encoding="utf-8", newline="\n")
            else:
                with matplotlib.rc_context(SETTINGS):
                    figure.savefig(part, format=kind, dpi=DPI, metadata=METADATA[kind])
    except OSError as error:
        raise NASError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a file beside another that takes its place at the end, or is gone after an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
