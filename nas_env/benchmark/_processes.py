"""Processes for jobs that must not disturb each other, or that run side by side."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from typing import Any, TypeVar

import torch

from nas_env.training.allocator import training_environment

Job = TypeVar("Job")
Answer = TypeVar("Answer")


@contextmanager
def processes(
    count: int,
    *,
    threads: int = 1,
    engine: bool = True,
    settle: Callable[[], Any] | None = None,
) -> Iterator[ProcessPoolExecutor]:
    """Start fresh processes, which end with the block; after an error they end at once.

    Args:
        count: Number of processes.
        threads: Threads of torch in each.
        engine: Start them with the environment variables of a worker.
        settle: Function that each calls before its first job.
    """
    pool = ProcessPoolExecutor(count, get_context("spawn"), _begin, (threads, settle))
    before = dict(os.environ)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if engine:
        os.environ.update(training_environment())
    try:
        started = [pool.submit(int) for _ in range(count)]  # each submission starts one
        os.environ.clear()
        os.environ.update(before)
        for job in started:
            job.result()
        yield pool
    except BaseException:  # nobody waits for what they do
        for worker in active_children():
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def in_processes(
    function: Callable[[Job], Answer], jobs: Sequence[Job], workers: int
) -> list[Answer]:
    """Return the answers in the order of the jobs, each from a process with one thread."""
    with processes(workers) as pool:
        return list(pool.map(function, jobs))


def _begin(threads: int, settle: Callable[[], Any] | None) -> None:
    """Prepare a process: it leaves Ctrl-C to its parent, and ends when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    if settle is not None:
        settle()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
