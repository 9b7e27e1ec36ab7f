"""Words for people: names that can be shown, lists that end, and one line for all broken images."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from nas_env.errors import DataInvalid

SHOWN = 100  # characters of a name that a message has
FIRST = 4  # of many names, those that a message has


def shown(name: str) -> str:
    r"""Return a name as a part of one line: what cannot be shown is escaped, the middle left out.

    Example:
        >>> print(shown("a\nb.png"))
        'a\nb.png'
    """
    text = name if name.isprintable() and name.strip() == name != "" else ascii(name)
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]}…{text[-SHOWN // 2 + 1 :]}"


def listed(names: Sequence[object], most: int = FIRST) -> str:
    """Return the first names, and the number of the others.

    Example:
        >>> listed(["a", "b", "c"], most=2)
        'a, b and 1 more'
    """
    first = ", ".join(shown(str(name)) for name in names[:most])
    return first if len(names) <= most else f"{first} and {len(names) - most:,} more"


def counted(number: int, what: str) -> str:
    """Return a number and what it counts.

    Example:
        >>> counted(1, "image"), counted(2_000, "class")
        ('1 image', '2,000 classes')
    """
    ending = "" if number == 1 else "es" if what.endswith("s") else "s"
    return f"{number:,} {what}{ending}"


def sides(height: float, width: float) -> str:
    """Return a size as it is said: height, width.

    Example:
        >>> sides(96, 128)
        '96×128'
    """
    return f"{height:g}×{width:g}"


def suffixes(names: Iterable[str]) -> str:
    """Return the suffixes of files with their numbers, the most frequent first.

    Example:
        >>> suffixes(["a.txt", "b.TXT", "README"])
        '2 .txt, 1 without a suffix'
    """
    numbers: dict[str, int] = {}
    for name in names:
        suffix = os.path.splitext(name)[1].lower() or "without a suffix"
        numbers[suffix] = numbers.get(suffix, 0) + 1
    ordered = sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
    return listed([f"{number:,} {suffix}" for suffix, number in ordered])


def reasons(broken: Mapping[str, str]) -> str:
    """Return the first names that cannot be used with their reasons, and the number of others.

    Example:
        >>> reasons({"a.png": "truncated"})
        'a.png (truncated)'
    """
    names = [f"{shown(name)} ({broken[name]})" for name in list(broken)[:FIRST]]
    more = f" and {len(broken) - FIRST:,} more" if len(broken) > FIRST else ""
    return ", ".join(names) + more


def broken_images(path: str, broken: Mapping[str, str]) -> DataInvalid:
    """Make the error for images and folders that cannot be used, all of them in one line.

    Args:
        path: What was read.
        broken: Reason for each name.
    """
    folders = any(name.endswith("/") for name in broken)
    what = "1 folder" if folders and len(broken) == 1 else counted(len(broken), "image")
    what += " or folders" if folders and len(broken) > 1 else ""
    return DataInvalid(
        f"{shown(path)}: {what} cannot be used: {reasons(broken)}; mend or remove "
        f"{'it' if len(broken) == 1 else 'them'}, or go on without by --task.skip-broken"
    )
