"""Plays jobs on all cores, and keeps each as soon as it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, as_completed

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nas_env.benchmark._file import ResultsFile
from nas_env.benchmark._job import Job, play
from nas_env.benchmark._processes import processes

COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
)


def play_all(
    jobs: Sequence[Job], results: ResultsFile, workers: int, *, quiet: bool = False
) -> list[str]:
    """Play the jobs that the results do not hold yet.

    Args:
        jobs: The jobs in the order in which they are begun.
        results: The file that keeps each job as it ends.
        workers: Number of processes; with 1, jobs are played in this one.
        quiet: Show no progress.

    Returns:
        One line for each job that failed. The other jobs were played all the same.
    """
    done = results.keys()
    wanted = list({job.key: job for job in jobs}.values())
    missing = [job for job in wanted if job.key not in done]
    console = Console(stderr=True, quiet=quiet)
    failures = []
    with Progress(*COLUMNS, console=console, disable=quiet) as progress:
        bar = progress.add_task("jobs", total=len(wanted), completed=len(wanted) - len(missing))
        for job, ending in _played(missing, min(workers, len(missing))):
            error = ending.exception()
            if error is None:
                results.add(job, ending.result())
            else:
                line = str(error).partition("\n")[0]
                failures.append(f"{job.environment} {job.label} seed {job.seed}: {line}")
            progress.advance(bar)
    return failures


def _played(jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, Future]]:
    """Yield each job as it ends."""
    if workers <= 1:
        for job in jobs:
            yield job, _here(job)
        return
    with processes(workers) as pool:
        futures = {pool.submit(play, job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future


def _here(job: Job) -> Future:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in a worker: the numbers of a child are those of one thread
    future: Future = Future()
    try:
        future.set_result(play(job))
    except Exception as error:
        future.set_exception(error)
    finally:
        torch.set_num_threads(threads)
    return future
