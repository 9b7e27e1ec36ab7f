"""Find images of one's own, whatever they lie in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from nas_env.data._telling import broken_images, shown
from nas_env.data.images._arrays import find_arrays
from nas_env.data.images._folder import find_folder
from nas_env.data.images._listing import find_listed
from nas_env.data.images._names import has_arrays
from nas_env.data.images._protocol import (
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
from nas_env.data.images._walk import SUFFIXES
from nas_env.errors import DataInvalid, DataNotFound, InvalidValue, NASError
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

EXPECTED = "expected a folder with a folder for each class, an .npz, .npy or .csv"
MANY = 10_000  # names among which the nearest is looked for
READERS: Mapping[str, Callable[[Reading], Found]] = {
    "/": find_folder,
    ".npz": find_arrays,
    ".npy": find_arrays,
    ".csv": find_listed,
    ".tsv": find_listed,
}
#: What helps with other suffixes.
OTHERS = {
    **dict.fromkeys([".zip", ".tar", ".gz", ".tgz", ".7z", ".rar"], ": unpack it"),
    **dict.fromkeys([".parquet", ".xlsx", ".json", ".txt"], ": save it as .csv"),
    **dict.fromkeys([".mat", ".h5", ".hdf5", ".pkl", ".pickle", ".pt"],
                    ": save its arrays by numpy.savez(file, images=..., labels=...)"),
}  # fmt: skip


def find(reading: Reading) -> Found:
    """Find the images that a reading is about, without reading their pixels.

    Raises:
        DataNotFound: If nothing is there.
        DataInvalid: If what is there is no set of images in classes.
        InvalidValue: If a setting does not fit what is there.
    """
    if not os.path.exists(reading.path):
        raise _missing(reading.path)
    suffix = os.path.splitext(reading.path)[1].lower()
    try:
        if os.path.isdir(reading.path):
            suffix = ".npy" if has_arrays(reading.path) else "/"
        _check_settings(reading, suffix)
        return READERS[suffix](reading)
    except OSError as error:
        if isinstance(error, NASError):
            raise
        reason = (error.strerror or "unreadable").lower()
        raise DataInvalid(f"{shown(reading.path)} cannot be read: {reason}") from None


def _check_settings(reading: Reading, suffix: str) -> None:
    """Check that there is a reader for a suffix, and that the settings are of use to it."""
    path = shown(reading.path)
    there = os.path.isdir(reading.path) or os.path.isfile(reading.path)
    if suffix not in READERS or not there:
        advice = OTHERS.get(suffix, "")
        what = "is one image" if suffix in SUFFIXES else f"ends in {shown(suffix)}"
        raise DataInvalid(f"{path} {what}, {EXPECTED}{advice}")
    if reading.layout != "auto" and READERS[suffix] is not find_arrays:
        raise InvalidValue(f"--task.layout is of arrays, and {path} has files: leave it out")
    if reading.columns and READERS[suffix] is not find_listed:
        raise InvalidValue(f"--task.columns is of a .csv, and {path} is none: leave it out")


def _missing(path: str) -> DataNotFound:
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        return DataNotFound(f"there is no {shown(path)}: there is no folder {shown(folder)}")
    near = nearest(name, os.listdir(folder)[:MANY])
    hint = near if near.startswith("did") else EXPECTED
    return DataNotFound(f"there is no {shown(path)}: {hint}")
