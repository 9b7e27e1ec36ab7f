"""The memory of a device, shared by the children that are trained on it at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nas_env.evaluation._child import architecture_of, task_recipe
from nas_env.evaluation._data import training_task
from nas_env.records import Request
from search_spaces import make_space

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


def predicted_memory(request: Request) -> int:
    """Predict the bytes that training a child will take on a device, from its architecture.

    They are twice what a forward pass over a whole batch keeps for the backward pass (values and
    their gradients), which is counted without computing it.
    """
    task = training_task(request.task)
    recipe: Any = task_recipe(task, request.recipe)
    space = make_space(request.space)
    example = architecture_of(request), task.input_shape, task.outputs
    kept = space.kept_numbers(*example) * recipe.batch_size * getattr(recipe, "steps", 1)
    each = 4 if recipe.autocast is None else 2
    parameters = space.cost(*example).parameters
    return round(SPARE * (2 * each * kept + PER_PARAMETER * parameters))
