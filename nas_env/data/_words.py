"""Numbers and names as a message has them."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 5  # names in a message, at most


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    Example:
        >>> counted(1, "image"), counted(1200, "image")
        ('1 image', '1,200 images')
    """
    return f"{number:,} {noun}" + ("s" if number != 1 else "")


def listed(names: Sequence[str], quoted: bool = True) -> str:
    """Return names in a row, the first five of them.

    Example:
        >>> listed(["a", "b"]), listed(list("abcdefgh"), quoted=False)
        ("'a', 'b'", 'a, b, c, d, e and 3 more')
    """
    shown = ", ".join(repr(name) if quoted else name for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")
