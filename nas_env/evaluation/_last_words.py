"""The output of a worker: passed on to where the caller's goes, and its end kept for its child."""

from __future__ import annotations

import os
import select
from contextlib import suppress

MOST = 2_000  # bytes of a child's output that are kept
#: What a worker writes before each child, so that nobody gets the words of the child before.
NEXT_CHILD = b"\0the next child\0"
#: How the trace of a crash begins; it tells its place first, so there the end is cut off.
CRASH = b"Fatal Python error"
_SEARCHED = 2**15  # bytes at the end of the output that may have such a trace
_STEP = select.PIPE_BUF  # bytes that a pipe takes at once, if it takes any


class LastWords:
    """The end of what one worker and all that it has started write to their output.

    The worker calls :meth:`become_output`; its server reads what comes.

    Attributes:
        over: True once all who could write have ended.
    """

    over = False

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        self._end = b""

    def fileno(self) -> int:
        """Return the descriptor that can be read when there is something new."""
        return self._reading

    def become_output(self) -> None:
        """Make it the standard output and error of this process."""
        for descriptor in (1, 2):
            os.dup2(self._writing, descriptor)
        for descriptor in (self._reading, self._writing):
            os.close(descriptor)

    def only_read(self) -> None:
        """Leave the writing to the worker, which has been forked."""
        os.close(self._writing)

    def read(self) -> bool:
        """Read what has come, keep its end and pass it on; return whether there was any."""
        try:
            new = os.read(self._reading, _STEP)
        except BlockingIOError:
            return False
        self._end = (self._end + new).rpartition(NEXT_CHILD)[2][-_SEARCHED:]
        _pass_on(new.replace(NEXT_CHILD, b""))
        self.over = not new
        return bool(new)

    def text(self) -> str:
        """Return the end of what the last child wrote; of a crash the beginning of its trace."""
        crash = self._end.rfind(CRASH)
        kept = self._end[-MOST:] if crash < 0 else self._end[crash : crash + MOST]
        return kept.decode(errors="replace").strip()

    def close(self) -> None:
        """Read no more."""
        os.close(self._reading)


def _pass_on(content: bytes) -> None:
    """Write to the standard error, unless nobody reads there at the moment: never wait for it."""
    with suppress(OSError):
        if content and select.select([], [2], [], 0)[1]:
            os.write(2, content)
