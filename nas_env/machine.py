"""The machine: its processor, and the cores and memory that this process may use."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container
#: Where the kernel counts what it has killed for memory: of the machine, of a container.
KILLS = (Path("/proc/vmstat"), Path("/sys/fs/cgroup/memory.events"))
PROCESSORS = Path("/proc/cpuinfo")  # of Linux


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> float | None:
    """Return the bytes of memory that this process may use; None if that is unknown."""
    limits = []
    with suppress(ValueError, OSError, AttributeError):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(ValueError, OSError):  # "max" is no number
        limits.append(int(GROUP_LIMIT.read_text()))
    return min(limits, default=None)


def kills_for_memory() -> int:
    """Count the processes that the kernel has killed for memory so far, as far as it says so."""
    count = 0
    for file in KILLS:
        with suppress(ValueError, OSError):
            for line in file.read_text().splitlines():
                name, _, value = line.partition(" ")
                count += int(value) if name == "oom_kill" else 0
    return count


def processor() -> str:
    """Return the name of the processor, or its architecture if the name is unknown."""
    with suppress(OSError):
        for line in PROCESSORS.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()
