"""A stratified draw: images of each class in proportion, by whole numbers, as a seed decides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nas_env.data._telling import counted
from nas_env.errors import InvalidValue

Sizes = dict[str, np.ndarray]  # for each split the number of images of each class


def sizes_of(
    counts: np.ndarray, wanted: Mapping[str, float | None], train_size: int | None
) -> Sizes:
    """Return the number of images of each class that are drawn for each split.

    Args:
        counts: The number that there is of each class, int64 (classes,).
        wanted: The share or number of a split that is drawn; None for one that is not.
        train_size: The number of images to train on; None for all that are left.
    """
    none, one = np.zeros_like(counts), np.ones_like(counts)
    sizes: Sizes = {"test": none, "validation": none}
    if (size := wanted["test"]) is not None:
        kept = 1 if wanted["validation"] is None else 2  # of each class, for the other splits
        sizes["test"] = _part_of("test", size, counts, none, counts - kept)
    if (size := wanted["validation"]) is not None:
        sizes["validation"] = _part_of("validation", size, counts, one, left(counts, sizes) - 1)
    sizes["train"] = rest = left(counts, sizes)
    if train_size is not None:
        sizes["train"] = _part_of("train_size", train_size, rest, one, rest)
    return sizes


def draw(labels: np.ndarray, sizes: Sizes, seed: int) -> dict[str, np.ndarray]:
    """Draw images of each class for each split.

    Returns:
        Whether each image is drawn, bool (n,), by split.
    """
    place, ends, drawn = places(labels, len(sizes["train"]), seed), 0 * sizes["train"], {}
    for name in ("test", "validation", "train"):
        begins, ends = ends, ends + sizes[name]
        drawn[name] = (begins[labels] <= place) & (place < ends[labels])
    return drawn


def left(counts: np.ndarray, sizes: Sizes) -> np.ndarray:
    """Return the number of images of each class that neither validation nor test has."""
    return counts - sizes["test"] - sizes["validation"]


def _part_of(
    name: str, wanted: float, counts: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Return how many images of each class come to a share or a number.

    Raises:
        InvalidValue: If it is neither, or does not fit.
    """
    high = np.maximum(high, 0)
    least, most = int(low.sum()), int(high.sum())
    if not (0 < wanted < 1 or (wanted >= 1 and float(wanted).is_integer())):
        raise InvalidValue(f"{name} is {wanted:g}, expected a share below 1 or a whole number")
    total = int(wanted) if wanted >= 1 else max(least, 1, round(wanted * int(counts.sum())))
    if total < least:
        raise InvalidValue(f"{name} is {total:,}, expected at least {least:,}, one of each class")
    if total > most:
        given = f"{total:,}" if wanted >= 1 else f"{wanted:g}, which is {counted(total, 'image')}"
        room = f"expected at most {most:,}, since each class needs images in the other splits too"
        raise InvalidValue(f"{name} is {given}, {room}")
    return apportion(counts, total, low, high)


def apportion(counts: np.ndarray, total: int, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Divide a number among classes in proportion to their counts, by the largest remainders.

    Args:
        counts: The number of images of each class, int64 (classes,).
        total: What is divided; it lies between the sums of ``low`` and of ``high``.
        low: The least that each class gets.
        high: The most that each class gets.

    Returns:
        What each class gets, int64 (classes,); the sum is ``total``.

    Example:
        >>> two = np.array([97, 3])
        >>> apportion(two, 20, np.ones(2), two - 1).tolist()
        [19, 1]
    """
    ideal = counts * (total / max(1, counts.sum()))
    given = np.clip(np.floor(ideal), low, high).astype(np.int64)
    while left := total - int(given.sum()):
        step = 1 if left > 0 else -1
        behind = np.argsort(step * (given - ideal), kind="stable")
        free = (given < high if step > 0 else given > low)[behind]
        given[behind[free][: abs(left)]] += step
    return given


def places(labels: np.ndarray, classes: int, seed: int) -> np.ndarray:
    """Number the images of each class from 0 in a random order, which the seed decides.

    Args:
        labels: The class of each image, int64 (n,).
        classes: The number of classes.
        seed: The seed of the order.

    Returns:
        The place of each image within its class, int64 (n,).
    """
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    order = shuffled[np.argsort(labels[shuffled], kind="stable")]
    counts = np.bincount(labels, minlength=classes)
    begins = np.cumsum(counts) - counts
    found = np.empty(len(labels), np.int64)
    found[order] = np.arange(len(labels)) - np.repeat(begins, counts)
    return found
