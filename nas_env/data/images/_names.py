"""The names by which arrays of images and labels, and their splits, are known."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from nas_env.data._telling import listed, shown
from nas_env.data.images._members import Member, members_of
from nas_env.data.images._protocol import SPLITS
from nas_env.errors import DataInvalid, DataNotFound

IMAGES = ("images", "image", "imgs", "x", "data")
LABELS = ("labels", "label", "y", "targets", "target")
#: Names of splits, by which folders, arrays and the rows of a listing are known.
SPLIT_NAMES = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


def pairs(path: str) -> Iterator[tuple[int, Member, Member]]:
    """Yield the number of each split, its images and its labels.

    Raises:
        DataNotFound: If an array's other file is missing.
        DataInvalid: If images or labels are missing or there are several.
    """
    members = _beside(path) if path.lower().endswith(".npy") else members_of(path)
    none = all(_member(path, members, IMAGES, split) is None for split in ("validation", "test"))
    for split in ("train", "validation", "test"):
        images = _member(path, members, IMAGES, split)
        labels = _member(path, members, LABELS, split)
        if images is not None and labels is not None:
            yield 0 if none else SPLITS.index(split), images, labels
        elif split == "train" or images is not None or labels is not None:
            prefix = "" if split == "train" else f"{split}_"
            raise DataInvalid(
                f"{shown(path)} has {listed(sorted(members)) or 'no arrays'}, expected "
                f"{prefix}images and {prefix}labels"
            )


def _member(
    path: str, members: Mapping[str, Member], words: tuple[str, ...], split: str
) -> Member | None:
    """Return the array that one of the words and the split name."""
    names = [name for name, meant in SPLIT_NAMES.items() if meant == split]
    known = {*words} if split == "train" else set()
    known |= {f"{name}_{word}" for name in names for word in words}
    known |= {f"{word}_{name}" for name in names for word in words}
    found = [name for name in members if name.lower() in known]
    if len(found) > 1:
        raise DataInvalid(f"{shown(path)} has {listed(found)}, expected one of them")
    return members[found[0]] if found else None


def _beside(path: str) -> Mapping[str, Member]:
    """Return the arrays of an .npy and of those beside it that belong to it."""
    folder, name = os.path.split(path)
    stem = name[:-4]
    usual = {*IMAGES, *LABELS}
    if {*stem.lower().split("_")} & usual and {*stem.lower().split("_")} <= usual | {*SPLIT_NAMES}:
        return members_of(folder)
    for one, other in (("images", "labels"), ("labels", "images")):
        beside = os.path.join(folder, f"{stem.replace(one, other)}.npy")
        if one in stem and os.path.exists(beside):
            both = {**members_of(path), **members_of(beside)}
            return {"images" if "images" in key else "labels": both[key] for key in both}
        if one in stem:
            raise DataNotFound(f"there is no {shown(beside)} beside {shown(name)}")
    raise DataInvalid(
        f"{shown(path)} is one array, expected images.npy and labels.npy, or an .npz with both"
    )


def has_arrays(folder: str) -> bool:
    """Return whether a folder has images.npy, by one of its names."""
    return any(
        name.lower().endswith(".npy") and {*name[:-4].lower().split("_")} & {*IMAGES}
        for name in os.listdir(folder)
    )
