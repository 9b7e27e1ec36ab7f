"""Processes for jobs that must not disturb each other, or that go side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

import torch

from nas_env.training.allocator import training_environment

Job = TypeVar("Job")
Answer = TypeVar("Answer")


def processes(
    count: int,
    *,
    threads: int = 1,
    engine: bool = True,
    settle: Callable[[], Any] | None = None,
) -> ProcessPoolExecutor:
    """Fresh processes, started.

    Args:
        count: How many.
        threads: Of torch in each.
        engine: Started with the environment of a worker; otherwise as Python starts them.
        settle: Called in each before its first job.
    """
    before = dict(os.environ)
    if engine:
        os.environ.update(training_environment())
    pool = ProcessPoolExecutor(count, get_context("spawn"), _begin, (threads, settle))
    started = [pool.submit(int) for _ in range(count)]  # each submission starts one
    os.environ.clear()
    os.environ.update(before)
    for job in started:
        job.result()
    return pool


def _begin(threads: int, settle: Callable[[], Any] | None) -> None:
    torch.set_num_threads(threads)
    if settle is not None:
        settle()


def in_processes(
    function: Callable[[Job], Answer], jobs: Sequence[Job], workers: int
) -> list[Answer]:
    """The answers in the order of the jobs, each from a process of one thread."""
    with processes(workers) as pool:
        return list(pool.map(function, jobs))
