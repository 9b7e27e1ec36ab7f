"""A private random state for code that draws from the global generators."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor


class Randomness:
    """Private states for torch's (CPU), numpy's and Python's global generators.

    Code that draws from the global generators inside :meth:`in_use` does not affect other code,
    and is not affected by it.

    Args:
        seed: Any whole number from 0.

    Example:
        >>> before = torch.get_rng_state()
        >>> randomness = Randomness(seed=0)
        >>> with randomness.in_use():
        ...     number = torch.rand(1)
        >>> torch.equal(torch.get_rng_state(), before)
        True
    """

    def __init__(self, seed: int):
        self._torch = torch.Generator().manual_seed(seed).get_state()
        self._numpy: Any = np.random.RandomState(np.random.MT19937(seed)).get_state()
        self._python = random.Random(seed).getstate()

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Make these the global states within the block, and restore the others after it."""
        outer = _exchange((self._torch, self._numpy, self._python))
        try:
            yield
        finally:
            self._torch, self._numpy, self._python = _exchange(outer)

    def tensors(self) -> dict[str, Tensor]:
        """Return torch's state, and the words of numpy's."""
        words = torch.from_numpy(self._numpy[1].astype(np.int64))
        return {"torch": self._torch.clone(), "numpy": words}

    def values(self) -> dict[str, Any]:
        """Return the rest of the states as JSON values."""
        version, words, gauss = self._python
        return {"numpy": list(self._numpy[2:]), "python": [version, list(words), gauss]}

    def load(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Restore what :meth:`tensors` and :meth:`values` returned."""
        self._torch = tensors["torch"].clone()
        words = tensors["numpy"].numpy().astype(np.uint32)
        self._numpy = ("MT19937", words, *values["numpy"])
        version, python_words, gauss = values["python"]
        self._python = (version, tuple(python_words), gauss)


def _exchange(states: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
    """Set the global states, and return the former ones."""
    before = (torch.get_rng_state(), np.random.get_state(), random.getstate())
    torch.set_rng_state(states[0])
    np.random.set_state(states[1])
    random.setstate(states[2])
    return before
