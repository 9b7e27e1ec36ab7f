"""A folder of images: a folder per class, in a folder per split where there are splits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nas_env.data._telling import counted, listed, shown, suffixes
from nas_env.data.images._files import FilesFound
from nas_env.data.images._labels import chosen, numbered, with_images
from nas_env.data.images._names import SPLIT_NAMES
from nas_env.data.images._protocol import SPLITS, Reading
from nas_env.data.images._walk import Sources, Walk
from nas_env.errors import DataInvalid

FEW = 6  # names of a command that a message proposes


@dataclass(frozen=True)
class Folder:
    """A folder of a class, or of one split of it.

    Attributes:
        path: Path from the root.
        name: Name of the class.
        split: Number of the split.
    """

    path: str
    name: str
    split: int


def find_folder(reading: Reading) -> FilesFound:
    """Find the images of a folder with a folder per class.

    Raises:
        DataInvalid: If it has another form; one line says which is expected.
        UnknownName: If a class is wanted that is not there.
    """
    walk = Walk(reading.path)
    notes: list[str] = []
    folders = _class_folders(walk, reading, notes)
    classes = chosen(reading.path, {folder.name for folder in folders}, reading.classes)
    used = [folder for folder in folders if folder.name in classes]
    images, owners = Sources(), []
    for number, folder in enumerate(used):
        more = _images(walk, folder)
        images.extend(more)
        owners += [number] * len(more.paths)
    if walk.others:
        notes.append(f"{counted(len(walk.others), 'file')} left out as no images: "
                     f"{suffixes(walk.others)}")  # fmt: skip
    wrong = _contradictions(walk, images, [used[owner].name for owner in owners])
    order = [row for row in _in_order(images, used, owners) if row not in wrong]
    return _found(reading, walk, classes, images, order, [used[o] for o in owners], notes)


def _found(
    reading: Reading,
    walk: Walk,
    classes: tuple[str, ...],
    images: Sources,
    order: Sequence[int],
    folders: Sequence[Folder],
    notes: Sequence[str],
) -> FilesFound:
    names = [folders[row].name for row in order]
    skipped = dict(sorted(walk.skipped.items()))
    left = with_images(reading.path, classes, names, skipped)
    return FilesFound(
        reading,
        walk.root,
        [images.paths[row] for row in order],
        left,
        numbered(names, left),
        np.array([folders[row].split for row in order], np.uint8),
        images.fingerprint(order, *skipped),
        tuple(notes),
        skipped,
    )


def _class_folders(walk: Walk, reading: Reading, notes: list[str]) -> list[Folder]:
    names = walk.folders()
    direct = walk.images("", deep=False).paths
    if not names:
        raise _no_folders(reading.path, direct, walk)
    if direct:
        notes.append(f"{counted(len(direct), 'image')} left out beside the folders of classes")
    splits = [name for name in names if name.lower() in SPLIT_NAMES]
    if not splits or set(names) & set(reading.classes):
        _check_depth(walk, names)
        return [Folder(name, name, 0) for name in names]
    if others := [name for name in names if name not in splits]:
        raise DataInvalid(
            f"{shown(reading.path)} has {listed(splits)} beside {listed(others)}: if all are "
            f"classes, name those to use by --task.classes {' '.join(map(shown, names[:FEW]))}, "
            f"if not, give a folder that has either"
        )
    return _of_splits(walk, reading, splits, notes)


def _check_depth(walk: Walk, names: Sequence[str]) -> None:
    """Check that a folder's only folder is not the one that has the classes."""
    if len(names) == 1 and len(inner := walk.folders(names[0])) > 1:
        raise DataInvalid(
            f"{shown(walk.root)} has a single folder, in which are {listed(inner)}: did you mean "
            f"{shown(os.path.join(walk.root, names[0]))}?"
        )


def _of_splits(
    walk: Walk, reading: Reading, splits: Sequence[str], notes: list[str]
) -> list[Folder]:
    meant: dict[str, str] = {}
    inner: dict[str, list[str]] = {}
    for name in splits:
        split = SPLIT_NAMES[name.lower()]
        if split in meant:
            both = f"{meant[split]} and {name}"
            raise DataInvalid(f"{shown(reading.path)} has {both}, expected one of them")
        meant[split] = name
        inner[split] = _classes_of(walk, reading, name, split, notes)
    if "train" not in meant:
        raise DataInvalid(
            f"{shown(reading.path)} has {listed(splits)} and no train, expected "
            "train/CLASS/IMAGE, or the path of a folder with a folder for each class"
        )
    divided = any(inner[split] for split in inner if split != "train")
    return [
        Folder(f"{meant[split]}/{name}", name, SPLITS.index(split) if divided else 0)
        for split in inner
        for name in inner[split]
    ]


def _classes_of(walk: Walk, reading: Reading, name: str, split: str, notes: list[str]) -> list[str]:
    """Return the names of the folders of classes of a split."""
    inner = walk.folders(name)
    if not inner and split != "test":
        raise DataInvalid(
            f"{shown(reading.path)}: {name} has no folders, expected one for each class"
        )
    if not inner:
        number = counted(len(walk.images(name).paths), "image")
        notes.append(f"{name} left out: {number} without folders of classes")
    return inner


def _images(walk: Walk, folder: Folder) -> Sources:
    images = walk.images(folder.path)
    if not images.paths and not any(name.startswith(f"{folder.path}/") for name in walk.skipped):
        others = [path for path in walk.others if path.startswith(f"{folder.path}/")]
        more = f" but {suffixes(others)}" if others else ""
        walk.skipped[f"{folder.path}/"] = f"a class without images{more}"
    return images


def _contradictions(walk: Walk, images: Sources, names: Sequence[str]) -> set[int]:
    """Find the files that are one file on the disk, in the folders of several classes."""
    inodes, counts = np.unique(np.array(images.inodes, np.uint64), return_counts=True)
    several = set(inodes[counts > 1].tolist())
    first: dict[int, int] = {}
    wrong: set[int] = set()
    for row, inode in enumerate(images.inodes if several else ()):
        other = first.setdefault(inode, row) if inode in several else row
        if names[other] != names[row] and _same(walk.root, images.paths[other], images.paths[row]):
            wrong |= {other, row}
            walk.skipped[images.paths[row]] = f"the same file as {shown(images.paths[other])}"
    return wrong


def _same(root: str, one: str, other: str) -> bool:
    return os.path.samefile(os.path.join(root, one), os.path.join(root, other))


def _in_order(images: Sources, folders: Sequence[Folder], owners: Sequence[int]) -> list[int]:
    """Return rows ordered by the path in the folder of the class, numbers as numbers."""
    starts = [len(folder.path) + 1 for folder in folders]
    inner = [path[starts[o] :] for path, o in zip(images.paths, owners, strict=True)]
    rows = sorted(range(len(inner)), key=inner.__getitem__)  # equal ones stay as their folders are
    rows.sort(key=lambda row: len(inner[row]))
    return rows


def _no_folders(path: str, direct: Sequence[str], walk: Walk) -> DataInvalid:
    expected = "expected a folder for each class, as CLASS/IMAGE.png"
    listings = [name for name in walk.others if name.lower().endswith((".csv", ".npz"))]
    if listings:
        return DataInvalid(
            f"{shown(path)} has no folders of classes: give the path of {shown(listings[0])}?"
        )
    if direct:
        found = f"has {counted(len(direct), 'image')} and no folders"
        return DataInvalid(f"{shown(path)} {found}, {expected}, or a .csv of files and labels")
    found = f"has only {suffixes(walk.others)}" if walk.others else "is an empty folder"
    return DataInvalid(f"{shown(path)} {found}, {expected}")
