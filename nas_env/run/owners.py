"""Tell whether the process that holds a claim still lives."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

HEARTBEAT = 10.0  # seconds between two signs of life of a claim's owner
DEAD_AFTER = 6 * HEARTBEAT  # an owner on another host that was silent for longer is dead
_ended: set[str] = set()  # owners of this process that were closed before it ends


def end(owner: str) -> None:
    """Say that an owner of this process has ended; a fork's copy of another's owner does not."""
    if owner.rsplit(" ", 3)[1] == str(os.getpid()):
        _ended.add(owner)


def alive(owner: str, heartbeat: float) -> bool:
    """Tell whether a claim's owner lives, by its process or, on another host, its heartbeat."""
    host, pid, start, *_ = [*owner.rsplit(" ", 3), "", "", ""]
    if host == socket.gethostname():
        return owner not in _ended and pid.isdigit() and process_start(int(pid)) == start
    return time.time() - heartbeat < DEAD_AFTER


def here() -> str:
    """Return what names this machine and those of its processes that see each other's numbers.

    The names of machines alone do not tell copies of one system, or containers, apart.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()


def gone(owner: str) -> bool:
    """Tell whether an owner was closed by this process, or was one from :func:`here` that died."""
    if owner in _ended:
        return True
    place, pid, start, _ = [*owner.rsplit(" ", 3), "", "", ""][:4]
    return place == here() and not (pid.isdigit() and process_start(int(pid)) == start)


def process_start(pid: int) -> str:
    """Return the start of a process, which identifies it; empty if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            state, *fields = file.read().rpartition(")")[2].split()
        return "" if state in "ZX" else fields[18]  # killed, and not yet waited for
    except (FileNotFoundError, ProcessLookupError):
        if os.path.isdir("/proc/self"):
            return ""
    try:  # no /proc: whether it lives is all that can be known
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"


def users(file: Path) -> list[int]:
    """Return the other processes that have a file open, as far as this user may see them."""
    found = []
    for entries in Path("/proc").glob("[0-9]*/fd"):
        process = int(entries.parent.name)
        with suppress(OSError):
            names = (os.readlink(entry) for entry in entries.iterdir())
            if process != os.getpid() and str(file.resolve()) in names:
                found.append(process)
    return sorted(found)
