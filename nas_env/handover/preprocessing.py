"""The preprocessing of a network that is handed over: which kind it is, and its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nas_env.errors import InvalidValue
from nas_env.training.preprocessing import (
    ImagePreprocessing,
    Preprocess,
    Preprocessing,
    TextPreprocessing,
)
from search_spaces import from_mapping

__all__ = [
    "ImagePreprocessing",
    "Preprocess",
    "Preprocessing",
    "TextPreprocessing",
    "from_json",
    "of_images",
    "to_json",
]

KINDS: dict[str, type[Preprocessing]] = {
    ImagePreprocessing.kind: ImagePreprocessing,
    TextPreprocessing.kind: TextPreprocessing,
}


def of_images(preprocessing: Preprocessing | None) -> ImagePreprocessing | None:
    """Return the preprocessing if it is that of images, else None."""
    return preprocessing if isinstance(preprocessing, ImagePreprocessing) else None


def to_json(preprocessing: Preprocessing | None) -> dict[str, Any] | None:
    """Return the preprocessing as JSON values."""
    return preprocessing and {"kind": preprocessing.kind, **asdict(preprocessing)}


def from_json(values: Mapping[str, Any] | None) -> Preprocessing | None:
    """Return the preprocessing of JSON values.

    Raises:
        InvalidValue: If they are no preprocessing.
    """
    if values is None:
        return None
    settings = dict(values)
    kind = settings.pop("kind", None)
    if kind not in KINDS:
        raise InvalidValue(f"kind of preprocessing is {kind!r}, expected {' or '.join(KINDS)}")
    return from_mapping(KINDS[kind], settings, "number of preprocessing")
