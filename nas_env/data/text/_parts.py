"""A text divided by position, and what its parts have in common."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nas_env.errors import InvalidValue

LONG = 40  # characters of a line that hardly stands twice by chance


def amount(value: float, name: str, whole: int) -> int:
    """Return how many of ``whole`` symbols a setting means: a share below 1, or a number.

    Example:
        >>> amount(0.1, "test", 1_000), amount(250, "test", 1_000)
        (100, 250)
    """
    if value < 1:
        return max(1, round(value * whole))
    if value != int(value):
        raise InvalidValue(f"{name} is {value}, expected a share below 1 or a whole number")
    return int(value)


def divide(
    numbers: Mapping[str, np.ndarray], sizes: Mapping[str, float], unit: str
) -> dict[str, tuple[str, int, int]]:
    """Divide by position what has no split of its own.

    Args:
        numbers: Numbers of the symbols of each text, by its split; ``""`` is to be divided.
        sizes: Share or number of the symbols for ``"validation"`` and ``"test"``.
        unit: What a symbol is, for messages.

    Returns:
        For each split the text that it lies in, its first symbol and the one after its last.

    Raises:
        InvalidValue: If they do not fit.
    """
    source = "" if "" in numbers else "train"
    whole = end = len(numbers[source])
    parts = {name: (name, 0, len(found)) for name, found in numbers.items() if name != source}
    for split in ("test", "validation"):  # from the end
        if split not in parts:
            size = amount(sizes[split], split, whole)
            parts[split] = source, end - size, end
            end -= size
    if end < 1:
        said = " and ".join(f"{n} {sizes[n]:g}" for n, part in parts.items() if part[0] == source)
        raise InvalidValue(f"{said} leave nothing to train on of {whole:,} {unit}")
    return {**parts, "train": (source, 0, end)}


def lines_of(text: str, numbers: np.ndarray, end: int, part: tuple[str, int, int]) -> list[str]:
    """Return the lines that lie wholly in a part of a text.

    Args:
        text: The text.
        numbers: Numbers of its symbols.
        end: The number of a line's end.
        part: The text's name, the part's first symbol and the one after its last.
    """
    _, first, last = part
    lines = text.split("\n")
    if len(lines) - 1 != np.count_nonzero(numbers == end):  # by words, without the blank ones
        lines = [line for line in lines if line.strip()]
    begun = int(np.count_nonzero(numbers[:first] == end))
    if first and numbers[first - 1] != end:
        begun += 1
    return lines[begun : int(np.count_nonzero(numbers[:last] == end))]


def repeated(train: list[str], validation: list[str]) -> tuple[int, int]:
    """Return how many long lines of a validation text stand in the training text, and how many are.

    Example:
        >>> repeated(["a" * 40, "b"], ["a" * 40, "b", "c" * 50])
        (1, 2)
    """
    known = {line.strip() for line in train if len(line) >= LONG}
    long = [line for line in map(str.strip, validation) if len(line) >= LONG]
    return sum(line in known for line in long), len(long)
