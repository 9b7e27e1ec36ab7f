"""Turns a figure into pixels, or into a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

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


def write(figure: Figure, path: Path) -> None:
    """See :func:`nas_env.drawing.save`."""
    kind = path.suffix.removeprefix(".").lower()
    if kind not in METADATA:
        raise ValueError(f"cannot save a picture as {path.name!r}, expected .png or .svg")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with matplotlib.rc_context(SETTINGS):
            figure.savefig(part, format=kind, dpi=DPI, metadata=METADATA[kind])
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
