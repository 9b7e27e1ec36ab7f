"""Find images of one's own, whatever they lie in."""

from __future__ import annotations

from nas_env.data._protocol import (
    DEFAULT_SIDE,
    SIDES,
    SPLITS,
    Form,
    Found,
    NotInForm,
    Outcome,
    Reading,
    Told,
)
from nas_env.errors import DataInvalid

__all__ = [
    "DEFAULT_SIDE",
    "SIDES",
    "SPLITS",
    "Form",
    "Found",
    "NotInForm",
    "Outcome",
    "Reading",
    "Told",
    "find",
]


def find(reading: Reading) -> Found:
    """Find the images that a reading is about, without reading their pixels.

    Raises:
        DataNotFound: If nothing is there.
        DataInvalid: If what is there is no set of images in classes.
        InvalidValue: If a setting does not fit what is there.
    """
    raise DataInvalid(f"{reading.path} is no folder, .npz, .npy or .csv")
