"""A place for one child at a time: a worker process, and another where a child has spoiled it."""

from __future__ import annotations

import signal
from concurrent.futures import CancelledError
from contextlib import suppress

from nas_env.errors import NASError
from nas_env.evaluation._checkpoints import NOWHERE, Place
from nas_env.evaluation._child import failed
from nas_env.evaluation._fork_server import ForkServer
from nas_env.evaluation._rehearsal import Rehearsal
from nas_env.evaluation._worker import Worker, WorkerDied, WorkerLate
from nas_env.machine import kills_for_memory
from nas_env.records import Evaluation, Request
from nas_env.training.outcome import Report, unheard

REHEARSAL = 60.0  # seconds that one may take once its data has been read


class Slot:
    """Trains one child after the other; its process starts with the first of them.

    Args:
        memory_limit: Bytes that the process may take; None for no limit.
        server: Class of the server that forks the process.
    """

    def __init__(self, memory_limit: float | None, server: type[ForkServer] = ForkServer):
        self._memory_limit, self._server = memory_limit, server
        self._worker: Worker | None = None
        self._closed = False
        self._killed = False  # by someone, the last worker that died

    def evaluate(
        self,
        request: Request,
        device: str,
        limit: float | None = None,
        report: Report = unheard,
        pieces: int = 1,
        place: Place = NOWHERE,
    ) -> Evaluation:
        """Train a child, and replace the process where that did not end well.

        A child that failed can spoil its process for the next one: a heap that fills the limit,
        half-made state of oneDNN, a CUDA error that every later call meets again. A training whose
        process died goes on from its checkpoint, as long as each process brings it to another one.
        One that somebody killed by SIGKILL is tried once more in any case: it is hardly its fault.

        Args:
            request: What is wanted.
            device: Where the child is trained.
            limit: Seconds that it may take once its data has been read; None for no limit.
            report: Called with what is said of its progress.
            pieces: Parts in which each batch is trained.
            place: The place of the checkpoints of its training.

        Raises:
            CancelledError: If the slot was killed.
            NASError: If the data is missing or corrupt, or no process can be started.
        """
        again = True
        while True:
            before, self._killed = place.written(), False
            evaluation = self._outcome(request, device, limit, report, pieces, place)
            if not evaluation.is_fact:
                self.close()
                if self._closed:
                    raise CancelledError
            if evaluation.status != "died":
                return evaluation
            if place.written() <= before and not (self._killed and again):
                return evaluation
            again = again and place.written() > before

    def rehearse(self, request: Request, device: str, pieces: int = 1) -> Rehearsal | None:
        """Time the first steps of a child; replace the process where that did not end well.

        Raises:
            DoesNotFit: If its memory was too small.
            NASError: If the data is missing or corrupt, or no process can be started.
        """
        found = None
        try:
            with suppress(WorkerLate, WorkerDied):
                found = self._started().rehearse(request, device, REHEARSAL, pieces)
        finally:
            if found is None:
                self.close()
        return found

    def kill(self) -> None:
        """End the process, whatever it does, and start no other; from any thread."""
        self._closed = True
        if (worker := self._worker) is not None:
            worker.kill()

    def close(self) -> None:
        """End the process; the next child has another one."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _started(self) -> Worker:
        if self._worker is None:
            self._worker = Worker({"memory_limit": self._memory_limit}, self._server)
        if self._closed:
            raise CancelledError
        try:
            self._worker.ready()
        except NASError:
            self.close()
            if self._closed:
                raise CancelledError from None
            raise
        return self._worker

    def _outcome(
        self,
        request: Request,
        device: str,
        limit: float | None,
        report: Report,
        pieces: int,
        place: Place,
    ) -> Evaluation:
        """Train in the process; what became of the process is the evaluation of its child."""
        worker, kills = self._started(), kills_for_memory()
        try:
            return worker.evaluate(request, device, limit, report, pieces, place)
        except WorkerLate as error:
            return failed("timed_out", str(error))
        except WorkerDied as error:
            if error.code == -signal.SIGKILL and kills_for_memory() > kills:
                line = (
                    "the kernel killed the worker: the memory of the machine or container is full"
                )
                return failed("out_of_memory", line, output=error.output)
            self._killed = error.code == -signal.SIGKILL
            return failed("died", str(error), output=error.output)
