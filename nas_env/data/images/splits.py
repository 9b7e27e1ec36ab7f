"""Training, validation and test images: the data's own splits, or a stratified draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nas_env.data._telling import counted, listed
from nas_env.data.images import Prepared
from nas_env.data.images._protocol import SPLITS
from nas_env.data.images._stratified import draw, left, sizes_of
from nas_env.errors import DataInvalid, InvalidValue

SHOWN = 5  # names of classes in a message, at most
VALIDATION = 0.2  # share of the images, where neither the data nor a setting says it
TO_USE = "add images, or name the classes to use with --task.classes"


@dataclass(frozen=True, eq=False)
class Division:
    """The images of each split.

    Attributes:
        train: The rows to train on, int64, ascending: the source's order.
        validation: The rows to validate by, likewise.
        test: The rows to test by, likewise; none where there is no test split.
        notes: How each split came about, a few words each.
        warnings: What a person should know of the splits, a line each.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def divide(
    prepared: Prepared,
    *,
    validation: float | None = None,
    test: float | None = None,
    train_size: int | None = None,
    seed: int = 0,
) -> Division:
    """Divide images into training, validation and test.

    A split that the data has is used as it is. The others are drawn from the images that are in
    none, or in the training split, from each class in proportion; training and validation have at
    least one of each. A test split does not depend on the size of the others.

    Args:
        prepared: The images; those that could not be read are in no split.
        validation: A share of the images that are drawn from, below 1, or a number of images; None
            for a fifth, or for the data's own.
        test: A share or a number likewise; None or 0 for none, or for the data's own.
        train_size: The number of images to train on, in proportion too; None for all that are left.
        seed: The seed of the draw.

    Raises:
        DataInvalid: If a class has too few images, or only one split has it; it is named.
        InvalidValue: If a size does not fit, or the data has that split itself.
    """
    labels, given = prepared.labels[prepared.rows], prepared.splits[prepared.rows]
    own = {name: given == SPLITS.index(name) for name in ("validation", "test")}
    wanted = _wanted(own, {"validation": validation, "test": test or None})
    pool = ~(own["validation"] | own["test"])
    masks = {"train": pool, **own}
    counts = {name: _counts(prepared, labels[mask]) for name, mask in masks.items()}
    _check_classes(prepared.classes, **counts)
    sizes = sizes_of(counts["train"], wanted, train_size)
    masks = {name: mask & ~pool for name, mask in masks.items()}  # as given; and what is drawn
    for name, mask in draw(labels[pool], sizes, seed).items():
        masks[name][pool] = mask
    rows = {name: prepared.rows[mask] for name, mask in masks.items()}  # ascending, as they are
    notes = [_note(name, own[name], rows[name], wanted[name], seed) for name in own]
    if train_size is not None:
        notes.append(f"training {train_size:,} of {left(counts['train'], sizes).sum():,}")
    said = tuple(filter(None, notes))
    return Division(**rows, notes=said, warnings=duplicates(prepared.hashes, **rows))


def duplicates(
    hashes: np.ndarray, train: np.ndarray, validation: np.ndarray, test: np.ndarray
) -> tuple[str, ...]:
    """Count the images whose pixels another split has too.

    Args:
        hashes: The hash of each image's pixels, uint64 (n,).
        train: Rows of the training split.
        validation: Rows of the validation split.
        test: Rows of the test split.

    Returns:
        One line with the numbers; none if there are no such images.
    """
    seen = int(np.isin(hashes[validation], hashes[train]).sum())
    both = np.concatenate([hashes[train], hashes[validation]])
    parts = [f"{counted(seen, 'image')} of validation in training"] if seen else []
    if tested := int(np.isin(hashes[test], both).sum()):
        parts.append(f"{counted(tested, 'image')} of test in training or validation")
    if not parts:
        return ()
    return (f"the same pixels in two splits: {', '.join(parts)}; figures are too good by that",)


def _counts(prepared: Prepared, labels: np.ndarray) -> np.ndarray:
    return np.bincount(labels, minlength=len(prepared.classes))


def _wanted(
    own: Mapping[str, np.ndarray], wanted: Mapping[str, float | None]
) -> dict[str, float | None]:
    """Return the size of each split that is drawn; None for the others.

    Raises:
        InvalidValue: If a size is given for a split that the data has itself.
    """
    for name, mask in own.items():
        if mask.any() and (size := wanted[name]) is not None:
            said = f"the data has its own {name} split of {counted(int(mask.sum()), 'image')}"
            to_do = f"leave --task.{name} out to use that"
            raise InvalidValue(f"{name} is {size:g}, but {said}: {to_do}")
    drawn = not own["validation"].any() and wanted["validation"] is None
    return {**wanted, "validation": VALIDATION} if drawn else dict(wanted)


def _check_classes(
    classes: Sequence[str], train: np.ndarray, validation: np.ndarray, test: np.ndarray
) -> None:
    """Check that training and validation can have each class.

    Args:
        classes: Names of the classes.
        train: The number of images of each class to train on, or to be divided.
        validation: The number in the data's own validation split.
        test: The number in the data's own test split.

    Raises:
        DataInvalid: If they cannot; the message names the classes.
    """

    def refuse(which: np.ndarray, what: str) -> None:
        if which.any():
            names = [classes[number] for number in np.flatnonzero(which).tolist()]
            noun = "class" if len(names) == 1 else "classes"
            raise DataInvalid(f"{noun} {what}: {listed(names, SHOWN)}; {TO_USE}")

    if len(classes) < 2:
        raise DataInvalid(f"classes are {listed(classes) or 'none'}, expected at least two")
    refuse(train + validation + test == 0, "without an image that can be read")
    if validation.any():
        refuse(train == 0, "that training lacks and another split has")
        refuse(validation == 0, "that training has and validation lacks")
        return
    refuse(train == 0, "that only the test split has")
    refuse(train < 2, "of a single image, expected one to train on and one to validate by")


def _note(name: str, own: np.ndarray, rows: np.ndarray, wanted: float | None, seed: int) -> str:
    if own.any():
        return f"{name} {len(rows):,}, the data's own"
    return f"{name} {len(rows):,} by seed {seed}, stratified" if wanted is not None else ""
