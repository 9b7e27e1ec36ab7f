"""Labels as numbers of classes: their order, those that are wanted, and what is no class."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from nas_env.data._telling import counted, reasons, shown
from nas_env.errors import DataInvalid, UnknownName

NUMBER = re.compile(r"-?\d+(\.\d+)?")


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of classes in their order: numbers as numbers, then texts.

    Example:
        >>> in_order({"10", "9", "cat"})
        ('9', '10', 'cat')
    """
    return tuple(sorted(names, key=_place))


def chosen(path: str, found: Iterable[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the classes that are used: those wanted, or all that were found.

    Raises:
        UnknownName: If a wanted one was not found.
        DataInvalid: If there are fewer than two.
    """
    classes = in_order(found)
    for name in wanted:
        if name not in classes:
            raise UnknownName(f"class of {shown(path)}", name, classes)
    classes = tuple(wanted) or classes
    if len(classes) < 2:
        names = f"a single class, {shown(classes[0])}" if classes else "no class"
        raise DataInvalid(f"{shown(path)} has {names}, expected at least two")
    return classes


def with_images(
    path: str, classes: Sequence[str], names: Iterable[str], skipped: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the classes that some image has.

    Raises:
        DataInvalid: If they are fewer than two; the message has what cannot be used.
    """
    used = set(names)
    left = tuple(name for name in classes if name in used)
    if len(left) < 2:
        broken = f": {reasons(skipped)}" if skipped else ""
        number = counted(len(left), "class")
        raise DataInvalid(f"{shown(path)} has {number} with images, expected at least two{broken}")
    return left


def numbered(names: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Return the number of the class of each name, -1 for names of no class: int64 (n,)."""
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers.get(name, -1) for name in names], np.int64)


def check_texts(where: str, names: Sequence[str]) -> None:
    """Check that the labels of a listing are classes, not measured numbers.

    Raises:
        DataInvalid: If all are numbers and some are not whole.
    """
    if not all(NUMBER.fullmatch(name) for name in names):
        return
    if real := [name for name in names if not float(name).is_integer()]:
        raise _real(where, real[0])


def texts(where: str, labels: np.ndarray) -> np.ndarray:
    """Return an array of labels as texts: str (n,).

    Args:
        where: The array, for messages.
        labels: Whole numbers, texts, or one row of 0 and 1 for each image.

    Raises:
        DataInvalid: If they are no classes.
    """
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.dtype.kind not in "buifUS":
        raise DataInvalid(f"{where} are {labels.dtype}, expected whole numbers or texts")
    if labels.ndim == 2 and labels.dtype.kind in "buif":
        return _from_one_hot(where, labels).astype(str)
    if labels.ndim != 1:
        raise DataInvalid(f"{where} have the shape {labels.shape}, expected one label an image")
    if labels.dtype.kind == "S":
        labels = np.array([text.decode(errors="replace") for text in labels.tolist()], str)
    if labels.dtype.kind == "U" and (empty := int((labels == "").sum())):
        raise DataInvalid(f"{where} are empty texts in {empty:,} places, expected names of classes")
    return (labels if labels.dtype.kind == "U" else _whole(where, labels)).astype(str)


def _whole(where: str, labels: np.ndarray) -> np.ndarray:
    if labels.dtype.kind == "f":
        if odd := int((~np.isfinite(labels)).sum()):
            first = int(np.flatnonzero(~np.isfinite(labels))[0])
            raise DataInvalid(
                f"{where} are NaN or infinite in {odd:,} places, the first at {first}, expected "
                "whole numbers or texts"
            )
        if len(real := labels[labels != np.rint(labels)]):
            raise _real(where, f"{real[0]:g}")
    return labels.astype(np.int64)


def _from_one_hot(where: str, labels: np.ndarray) -> np.ndarray:
    ones = (labels == 1).sum(1) == 1
    wrong = np.flatnonzero(~(ones & ((labels == 0).sum(1) == labels.shape[1] - 1)))
    if len(wrong):
        row = " ".join(f"{value:g}" for value in labels[wrong[0]][:5].astype(float))
        raise DataInvalid(
            f"{where} have the shape {labels.shape}, and row {wrong[0]:,} is {row}…, expected one "
            "class an image: its number, its name, or a row with one 1 among zeros"
        )
    return labels.argmax(1)


def _real(where: str, value: str) -> DataInvalid:
    return DataInvalid(
        f"{where} are real numbers, as {value}, expected classes: whole numbers or names"
    )


def _place(name: str) -> tuple[int, float, str]:
    return (0, float(name), name) if NUMBER.fullmatch(name) else (1, 0.0, name)
