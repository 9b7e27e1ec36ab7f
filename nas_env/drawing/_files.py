"""Turns a figure into pixels, or into a file."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nas_env.drawing import _svg
from nas_env.drawing._canvas import Drawing
from nas_env.files import write_bytes

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
    with suppress(OSError):  # the writing says what is wrong
        path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "svg":
        return write_bytes(path, vector(figure).encode())
    content = io.BytesIO()
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(content, format=kind, dpi=DPI, metadata=METADATA[kind])
    write_bytes(path, content.getvalue())
