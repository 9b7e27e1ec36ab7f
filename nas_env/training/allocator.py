"""The C library's allocator, set for training on a CPU."""

from __future__ import annotations

import ctypes
from contextlib import suppress

# Of mallopt(3); each takes a C int.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3


def keep_memory() -> bool:
    """Let this process keep the memory it frees, to be used again; whether that could be set.

    By default glibc maps each large block anew and hands it back when it is freed, so that every
    activation and gradient of every step costs a page fault per 4 kB; a third of a short training
    can go there. The setting lasts as long as the process, which holds on to its largest size:
    one for a process whose purpose is training, such as a worker. Elsewhere than with glibc
    nothing happens.
    """
    with suppress(AttributeError, OSError, TypeError):  # no such function, no C library by name
        mallopt = ctypes.CDLL(None).mallopt
        wanted = {_MMAP_THRESHOLD: 2**30, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 2**26}
        return all(mallopt(name, value) == 1 for name, value in wanted.items())
    return False
