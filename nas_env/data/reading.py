"""Find images of one's own, whatever they lie in."""

from __future__ import annotations

import os

from nas_env.data._folder import find_folder
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
from nas_env.data._telling import broken_images, shown
from nas_env.errors import DataInvalid, DataNotFound
from search_spaces._errors import nearest

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
    "broken_images",
    "find",
]

EXPECTED = "expected a folder, .npz, .npy or .csv"
MANY = 10_000  # names among which the nearest is looked for


def find(reading: Reading) -> Found:
    """Find the images that a reading is about, without reading their pixels.

    Raises:
        DataNotFound: If nothing is there.
        DataInvalid: If what is there is no set of images in classes.
        InvalidValue: If a setting does not fit what is there.
    """
    if not os.path.lexists(reading.path):
        raise _missing(reading.path)
    if os.path.isdir(reading.path):
        return find_folder(reading)
    raise DataInvalid(f"{shown(reading.path)} is a file of an unknown kind, {EXPECTED}")


def _missing(path: str) -> DataNotFound:
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        return DataNotFound(f"there is no {shown(path)}: there is no folder {shown(folder)}")
    near = nearest(name, os.listdir(folder)[:MANY])
    hint = near if near.startswith("did") else EXPECTED
    return DataNotFound(f"there is no {shown(path)}: {hint}")
