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
#: What the allocator and the convolutions' work space take beside what is counted.
SPARE = 1.3


class Room:
    """So many bytes; who wants some waits until they are free.

    Args:
        capacity: In bytes.

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
        """Hold that many bytes; all of them where more is wanted than there is, or for None."""
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
    """The bytes that training a child will take on a device, from its architecture alone.

    What a forward pass keeps for the backward pass, counted without doing it, twice (values and
    their gradients), for a whole batch.
    """
    task = training_task(request.task)
    recipe: Any = task_recipe(task, request.recipe)
    space = make_space(request.space)
    example = architecture_of(request), task.input_shape, task.outputs
    kept = space.kept_numbers(*example) * recipe.batch_size * getattr(recipe, "steps", 1)
    each = 4 if recipe.autocast is None else 2
    parameters = space.cost(*example).parameters
    return round(SPARE * (2 * each * kept + PER_PARAMETER * parameters))
