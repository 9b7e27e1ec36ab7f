"""What Linux tells of processes."""

from pathlib import Path
from typing import NamedTuple


class Told(NamedTuple):
    """What ``/proc`` tells of a process: its state, a letter, and whose it is."""

    state: str
    parent: int
    session: int

    @property
    def runs(self):
        """Whether it lives; one that nobody has waited for yet does not."""
        return self.state not in "ZX"


GONE = Told("X", 0, 0)


def told(process):
    """What is told of a process; of one that is not there, that it is dead."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return GONE
    state, parent, _, session, *_ = text.rpartition(")")[2].split()
    return Told(state, int(parent), int(session))
