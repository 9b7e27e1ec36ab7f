"""The C library's allocator, set for training on a CPU; without glibc nothing happens."""

from __future__ import annotations

import ctypes
import math
import mmap
import os
from collections.abc import Sequence
from contextlib import suppress

import torch
from torch import Tensor

# Of mallopt(3); each takes a C int.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
HUGE_PAGES = "glibc.malloc.hugetlb=1"  # is read once, when a process starts


def keep_memory() -> bool:
    """Let this process keep the memory it frees, to be used again; whether that could be set.

    By default glibc hands a large block back when it is freed, so that each activation and
    gradient of each step costs a page fault per 4 kB. Lasts as long as the process, which holds
    on to its largest size: for one whose purpose is training, such as a worker.
    """
    return _mallopt(2**30)


def map_large_blocks() -> bool:
    """Give each block of a megabyte and more a mapping of its own; whether that could be set.

    Before 2.38 glibc often cannot use an aligned block again that it freed (its bug 14581): a
    language model, whose logits are the largest blocks by far, grew by 26 MB a step. A mapping
    goes back as a whole. With huge pages it costs little.
    """
    return _mallopt(2**20)


def scratch(shape: Sequence[int], device: torch.device) -> Tensor:
    """Return a float32 tensor, unset, for a large result that is needed for a moment.

    On a CPU it is a mapping of its own, which goes back to the system with the tensor: the
    allocator would keep it for the life of the process.
    """
    count = math.prod(shape)
    if device.type != "cpu" or count == 0:
        return torch.empty(tuple(shape), device=device)
    pages = mmap.mmap(-1, 4 * count, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return torch.frombuffer(pages, dtype=torch.float32).view(tuple(shape))


def training_environment() -> dict[str, str]:
    """The environment of a process that is started to train: with huge pages."""
    tunables = filter(None, [os.environ.get("GLIBC_TUNABLES"), HUGE_PAGES])
    return {**os.environ, "GLIBC_TUNABLES": ":".join(tunables)}


def _mallopt(mmap_threshold: int) -> bool:
    with suppress(AttributeError, OSError, TypeError):  # no such function, no C library by name
        mallopt = ctypes.CDLL(None).mallopt
        wanted = {_MMAP_THRESHOLD: mmap_threshold, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 2**26}
        return all(mallopt(name, value) == 1 for name, value in wanted.items())
    return False
