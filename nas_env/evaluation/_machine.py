"""What the machine has: its processor, cores and memory as far as this process may use them."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container
PROCESSORS = Path("/proc/cpuinfo")  # of Linux


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> float | None:
    """The bytes of memory that this process may use; None where that cannot be known."""
    limits = []
    with suppress(ValueError, OSError, AttributeError):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(ValueError, OSError):  # "max" is no number
        limits.append(int(GROUP_LIMIT.read_text()))
    return min(limits, default=None)


def processor() -> str:
    """What a person calls the processor, or its kind where that cannot be known."""
    with suppress(OSError):
        for line in PROCESSORS.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()
