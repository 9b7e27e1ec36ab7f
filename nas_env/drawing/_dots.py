"""The networks of a picture of two orders."""

from __future__ import annotations

from typing import NamedTuple


class Dot(NamedTuple):
    """A network with its two scores.

    Attributes:
        name: Name of the network.
        first: Score in the first order.
        second: Score in the second; None where the network has none.
        best: Whether it is among the best in the first, and in the second.
    """

    name: str
    first: float
    second: float | None
    best: tuple[bool, bool]
