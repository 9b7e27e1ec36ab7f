"""The share of their time in which the slots of an evaluator are busy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """The seconds of an evaluator's slots, each of which holds one child at a time.

    Attributes:
        busy: Seconds in which slots held a child, summed over the slots.
        slots: Seconds that passed, times the number of slots.

    Example:
        >>> two_slots = Usage(busy=90.0, slots=2 * 60.0)
        >>> two_slots.utilisation
        0.75
        >>> two_slots.since(Usage(busy=50.0, slots=2 * 30.0)).utilisation
        0.6666666666666666
    """

    busy: float = 0.0
    slots: float = 0.0

    @property
    def utilisation(self) -> float | None:
        """The busy share of all seconds, at most 1; None where no child was seen at work."""
        return min(1.0, self.busy / self.slots) if self.busy > 0 and self.slots > 0 else None

    def since(self, earlier: Usage) -> Usage:
        """Return the seconds since an earlier moment."""
        return Usage(self.busy - earlier.busy, self.slots - earlier.slots)

    def plus(self, other: Usage) -> Usage:
        """Return the seconds of two spells together."""
        return Usage(self.busy + other.busy, self.slots + other.slots)


@dataclass(frozen=True)
class Simulation:
    """The figures of a simulated clock.

    Attributes:
        seconds: Simulated seconds that have passed.
        lost: Seconds of children that were lost with their node, and of starting children.
        node_failures: Number of nodes that have failed.
    """

    seconds: float
    lost: float = 0.0
    node_failures: int = 0
