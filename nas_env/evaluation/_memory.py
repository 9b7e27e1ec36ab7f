"""Tells whether it was memory that a child ran out of, from the exception that ended it."""

from __future__ import annotations

import mmap
import re
import resource

import torch

#: How torch on a CPU, C++, CUDA and its libraries say that an allocation failed.
ALLOCATION = re.compile("can't allocate memory|bad_alloc|out of memory|ALLOC_FAILED")
#: How oneDNN says it; but where there is no limit it has other reasons, such as a size past 2^31.
PRIMITIVE = re.compile("could not (create|execute) a primitive$")
SCARCE = 2**24  # bytes; a process that cannot get so many more is out of memory


def ran_out_of_memory(error: BaseException) -> bool:
    """Tell whether an exception came of too little memory; to be asked while it is handled.

    Python and its libraries meet the end of the memory wherever it comes, and not all of them say
    so (``SystemError: error return without exception set``). What the child holds is still held
    while the exception is handled, so that the process itself can be asked.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or ALLOCATION.search(str(error)):
        return True
    return _limited() and (bool(PRIMITIVE.search(str(error))) or _exhausted())


def _limited() -> bool:
    """Tell whether the memory of this process has a limit, as a worker's has."""
    return resource.getrlimit(resource.RLIMIT_DATA)[0] != resource.RLIM_INFINITY


def _exhausted() -> bool:
    """Tell whether this process cannot get any more memory worth speaking of."""
    try:
        mmap.mmap(-1, SCARCE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError:
        return True
    return False
