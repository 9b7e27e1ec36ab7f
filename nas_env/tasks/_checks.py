"""Checks that data fits its task, when it is read and before any child sees it."""

from __future__ import annotations

from typing import Any

import numpy as np

from nas_env.errors import DataInvalid

SAMPLE = 1_000  # images that are checked for showing anything at all


def check_images(task: Any, data: Any) -> None:
    """Check the images and labels that an :class:`~nas_env.tasks.ImageTask` has read.

    Args:
        task: Task; its ``input_shape``, ``outputs`` and ``available`` are what is expected.
        data: Images and labels: uint8 (n, height, width, channels) and int64 (n,).

    Raises:
        DataInvalid: If they do not fit; the message says what was found and expected, and how to
            correct it if that is clear.
    """
    if not isinstance(data, tuple) or len(data) != 2:
        _refuse(task, f"its images are {_form(data)}", "a tuple (images, labels)")
    images, labels = data
    _check_pixels(task, images)
    _check_numbers(task, "labels", labels, task.outputs)
    if len(images) != len(labels):
        _refuse(
            task, f"it has {len(images):,} images and {len(labels):,} labels", "as many of both"
        )
    if len(images) != task.available:
        expected = f"{task.available:,}, its `available`"
        _refuse(task, f"{len(images):,} images that are not the test's", expected)


def check_classes(task: Any, labels: np.ndarray) -> None:
    """Check that a child can learn every class from the labels to train on, int64 (n,).

    Raises:
        DataInvalid: If a class has no image; the message names it.
    """
    missing = np.flatnonzero(np.bincount(labels, minlength=task.outputs) == 0)
    if len(missing):
        names = ", ".join(map(str, missing[:5])) + (", …" if len(missing) > 5 else "")
        which = f"class {names} has" if len(missing) == 1 else f"classes {names} have"
        expected = f"some of each class, 0 to {task.outputs - 1:,}"
        _refuse(task, f"{which} no training image", expected)


def check_symbols(task: Any, split: str, symbols: Any, least: int) -> None:
    """Check a text that a :class:`~nas_env.tasks.LanguageTask` has read, int64 (n,).

    Raises:
        DataInvalid: If it does not fit; the message says what was found and expected.
    """
    name = f"symbols of the {split} text"
    _check_numbers(task, name, symbols, task.outputs, least)


def _check_pixels(task: Any, images: Any) -> None:
    channels, height, width = task.input_shape
    shape = (height, width, channels)
    expected = f"uint8 (n, {height}, {width}, {channels}): images, height, width, channels"
    if not isinstance(images, np.ndarray):
        _refuse(task, f"its images are {_form(images)}", f"a numpy array, {expected}")
    remedy = ""
    if channels == 1 and images.shape[1:] == (height, width):
        remedy = "add the axis of channels by images[..., None]"
    elif images.shape[1:] == task.input_shape != shape:
        remedy = "put the channels last by images.transpose(0, 2, 3, 1)"
    if images.shape[1:] != shape or images.dtype != np.uint8:
        _refuse(task, f"its images are {_form(images)}", expected, remedy)
    if len(images) and images[:SAMPLE].min() == images[:SAMPLE].max():
        value = images.flat[0]
        _refuse(task, f"every pixel of its images is {value}", "values spread over 0 to 255")


def _check_numbers(task: Any, name: str, numbers: Any, outputs: int, least: int = 1) -> None:
    """Check class or symbol numbers: int64 (n,), from 0 to ``outputs`` - 1."""
    found = _form(numbers)
    if not isinstance(numbers, np.ndarray) or numbers.ndim != 1 or numbers.dtype != np.int64:
        integers = isinstance(numbers, np.ndarray) and numbers.dtype.kind in "iu"
        remedy = "convert them by .astype(np.int64)" if integers and numbers.ndim == 1 else ""
        _refuse(task, f"its {name} are {found}", "a numpy array, int64 (n,)", remedy)
    if len(numbers) < least:
        _refuse(task, f"its {name} are {len(numbers)}", f"at least {least}")
    low, high = int(numbers.min()), int(numbers.max())
    if low < 0 or high >= outputs:
        remedy = "subtract 1" if low == 1 and high == outputs else ""
        _refuse(task, f"its {name} run from {low:,} to {high:,}", f"0 to {outputs - 1:,}", remedy)


def _form(value: Any) -> str:
    """Describe the type and shape of what was read.

    Example:
        >>> _form(np.zeros((2, 8))), _form([1, 2])
        ('float64 (2, 8)', 'a list')
    """
    if isinstance(value, np.ndarray):
        return f"{value.dtype} ({', '.join(map(str, value.shape))})"
    return f"a {type(value).__name__}"


def _refuse(task: Any, found: str, expected: str, remedy: str = "") -> None:
    remedy = f"; {remedy}" if remedy else ""
    raise DataInvalid(f"data of task {task.name}: {found}, expected {expected}{remedy}")
