"""The memory of a device, shared by the children that are trained on it at the same time."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nas_env.evaluation._job import Job
from nas_env.records import Request

#: Bytes a parameter: itself, its gradient, the optimiser's two numbers, all in float32.
PER_PARAMETER = 16
#: Factor for the memory of the allocator and of the convolutions' work space.
SPARE = 1.3


class Room:
    """A number of bytes that are handed out; a caller waits until enough are free.

    Args:
        capacity: Number of bytes.

    Example:
        >>> room = Room(10)
        >>> with room.taken(4), room.taken(6):
        ...     room.free
        0
    """

    def __init__(self, capacity: int):
        self.capacity = self.free = capacity
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, wanted: int | None = None) -> Iterator[None]:
        """Hold that many bytes, or all of them for None or if more are wanted than there are."""
        bytes = self.capacity if wanted is None else min(wanted, self.capacity)
        with self._changed:
            self._changed.wait_for(lambda: self.free >= bytes)
            self.free -= bytes
        try:
            yield
        finally:
            with self._changed:
                self.free += bytes
                self._changed.notify_all()


def predicted_memory(request: Request, pieces: int = 1) -> int:
    """Predict the bytes that training a child will take on a device, from its architecture.

    They are twice what a forward pass over a batch, or one of its pieces, keeps for the backward
    pass (values and their gradients), which is counted without computing it.
    """
    job = Job(request)
    kept = job.kept_numbers * math.ceil(job.recipe.examples_of(1) / pieces)
    each = 4 if job.recipe.autocast is None else 2
    return round(SPARE * (2 * each * kept + PER_PARAMETER * job.cost.parameters))
