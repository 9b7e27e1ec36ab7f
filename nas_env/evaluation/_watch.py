"""Watches children that other processes train, so that nobody has to wait for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from nas_env.records import Evaluation, Request

LOOK = 0.2  # seconds between two looks at the children that other processes train

#: Whether a child has an owner no more: it was answered, or is trained here from now on.
Settle = Callable[[Request, "Future[Evaluation]"], bool]


class Watch:
    """Looks after children that other processes have claimed, in one thread.

    The thread starts with the first child, and ends when none is left.

    Args:
        settle: Function that answers a child, or trains it if its owner has died; it returns False
            as long as another process trains it.
    """

    def __init__(self, settle: Settle):
        self._settle = settle
        self._changed = threading.Condition()
        self._children: list[tuple[Request, Future[Evaluation]]] = []
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, request: Request, future: Future[Evaluation]) -> None:
        """Look after one more child."""
        with self._changed:
            self._children.append((request, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop to look, and cancel what has no answer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
        for _, future in self._children:
            future.cancel()

    def _look(self) -> None:
        """Look at every child again and again, until none is left."""
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._closed, LOOK):
                    return
                children = list(self._children)
            settled = {request.key for request, future in children if self._settle(request, future)}
            with self._changed:
                self._children = [c for c in self._children if c[0].key not in settled]
                if not self._children:
                    self._thread = None
                    return
