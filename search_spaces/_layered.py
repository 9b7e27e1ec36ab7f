"""Spaces of networks in layers, whose episodes may stop after any layer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from numbers import Integral

from search_spaces._architecture import Architecture
from search_spaces._base import SearchSpace
from search_spaces._errors import InvalidTokens, InvalidValue


class LayeredSpace(SearchSpace):
    """The base of spaces that decide one layer after the other.

    No dataclass itself: the field is a member's own, so that it is listed in its order.
    """

    layers: int

    @abstractmethod
    def _decisions_of(self, layer: int) -> int:
        """Return the number of decisions of a layer, counted from 1."""

    @cached_property
    def _ends(self) -> tuple[int, ...]:
        """The length of the sequences that end with each layer, in the order of the layers."""
        return tuple(accumulate(self._decisions_of(n) for n in range(1, self.layers + 1)))

    @property
    def depth(self) -> int:
        """The number of layers at full depth."""
        return self.layers

    def length(self, layers: int | None = None) -> int:
        """Return the number of decisions of an episode of ``layers`` layers, or at full depth."""
        depth = self.layers if layers is None else layers
        whole = isinstance(depth, Integral) and not isinstance(depth, bool)
        if not whole or not 1 <= depth <= self.layers:
            raise InvalidValue(f"layers is {layers}, expected 1 to {self.layers}")
        return self._ends[depth - 1]

    def _depth_of(self, length: int) -> int:
        """Return the layers of a sequence of some length, which ends with a layer."""
        depths = {end: n for n, end in enumerate(self._ends, start=1)}
        if length not in depths:
            raise InvalidTokens(
                f"{length} tokens do not end with a layer, expected one of {sorted(depths)}"
            )
        return depths[length]

    def decode_prefix(self, tokens: Sequence[int]) -> tuple[Architecture | None, int]:
        """Return the layers that are complete so far, and the number of their tokens."""
        depth = sum(end <= len(tokens) for end in self._ends)
        if depth == 0:
            return None, 0
        used = self._ends[depth - 1]
        return self.decode(tokens[:used]), used
