"""Trains children in worker processes, several at once."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch

from nas_env.evaluation._base import Evaluator
from nas_env.evaluation._checkpoints import EVERY
from nas_env.evaluation._child import fitted
from nas_env.evaluation._fork_server import ForkServer
from nas_env.evaluation._rehearsal import Rehearsal, rehearsed
from nas_env.evaluation._room import Room, predicted_memory
from nas_env.evaluation._slot import Slot
from nas_env.machine import cores, memory
from nas_env.records import Evaluation, Request
from nas_env.run.store import Store
from nas_env.training.outcome import Report
from search_spaces._settings import at_least, at_least_or

GIGABYTE = 2**30
SHARE = 0.9  # of the machine's memory that the workers may take together

#: What is done in the worker of a slot, on a device; and what waits for it.
Job = tuple[Callable[[int, str], Any], Future[Any]]


@dataclass(frozen=True)
class WorkerSettings:
    """Settings by which children share the machine.

    Attributes:
        workers: Children at once, a process of one thread each; ``auto``: on a CPU one a core, on
            CUDA ``children_per_gpu`` on each GPU that may be used.
        time_limit: Seconds of one child, from when its data has been read; then it is stopped and
            has ``timed_out``. None for no limit. A child that is trained once more, in parts of
            its batches, has them once more.
        memory_limit: Gigabytes of one worker on a CPU; a child whose batches want more is trained
            in parts of them, and what still wants more is ``out_of_memory``.
            ``auto``: an equal share of nine tenths of the machine's; None for no limit.
        children_per_gpu: Children at once on each GPU, where ``workers`` is ``auto``.
        checkpoint_every: Seconds of a training between two checkpoints, from which it goes on where
            it was killed; 0 for none.
    """

    workers: int | Literal["auto"] = "auto"
    time_limit: float | None = None
    memory_limit: float | Literal["auto"] | None = "auto"
    children_per_gpu: int = 1
    checkpoint_every: float = EVERY

    def __post_init__(self) -> None:
        at_least_or("auto", self, workers=1, memory_limit=0.25)
        at_least(self, time_limit=0, children_per_gpu=1, checkpoint_every=0)

    def count(self, gpus: int) -> int:
        """Children at once."""
        if self.workers != "auto":
            return self.workers
        return self.children_per_gpu * gpus if gpus else cores()


class WorkersEvaluator(Evaluator):
    """A submitted child is trained as soon as a worker is free; the workers outlive it.

    A thread a worker hands it one child after the other and waits for it. Workers start when the
    first child comes; one whose child failed, or that died or was stopped, is replaced when the
    next one comes.
    """

    Settings = WorkerSettings
    background = True

    settings: WorkerSettings

    def __init__(self, device: torch.device, store: Store, settings: WorkerSettings | None = None):
        super().__init__(device, store, settings)
        self.devices = _devices(device)
        self.count = self.settings.count(len(self.devices) if device.type == "cuda" else 0)
        self.rooms = {name: Room(_free(name)) for name in self.devices if name != "cpu"}
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._slots = [Slot(self._memory_limit()) for _ in range(self.count)]
        ForkServer.shared()  # imports torch by the time that the first child comes

    @property
    def capacity(self) -> int:
        """The number of children that are trained at the same time."""
        return self.count

    @property
    def checkpoint_every(self) -> float:
        """See the base."""
        return self.settings.checkpoint_every

    def _train(self, request: Request) -> Future[Evaluation]:
        return self._hand(partial(self._shown, request))

    def rehearse(self, request: Request, times: int) -> list[Rehearsal]:
        """See the base; each worker rehearses as all others do."""
        wanted = min(times, self.count)
        futures = [self._hand(partial(self._rehearsed, request)) for _ in range(wanted)]
        return [found for future in futures if (found := future.result()) is not None]

    def _hand(self, what: Callable[[int, str], Any]) -> Future[Any]:
        """Have something done in the next worker that is free."""
        future: Future[Any] = Future()
        self._jobs.put((what, future))
        if not self._threads:
            self._threads = [
                threading.Thread(target=self._serve, args=(slot,), daemon=True)
                for slot in range(self.count)
            ]
            for thread in self._threads:
                thread.start()
        return future

    def _serve(self, slot: int) -> None:
        """One worker's life: job after job, until there is None."""
        device = self.devices[slot % len(self.devices)]
        while (job := self._jobs.get()) is not None:
            what, future = job
            try:
                future.set_result(what(slot, device))
            except BaseException as error:
                future.set_exception(error)
        self._slots[slot].close()

    def _shown(self, request: Request, slot: int, device: str) -> Evaluation:
        """Train one child, and let its progress be seen."""
        with self.work.child(request.architecture, f"worker {slot + 1}") as report:
            return self._admitted(slot, device, request, report)

    def _rehearsed(self, request: Request, slot: int, device: str) -> Rehearsal | None:
        """Rehearse one child, and replace the worker where that did not end well."""
        room = self.rooms.get(device)

        def once(pieces: int) -> Rehearsal | None:
            with nullcontext() if room is None else room.taken(predicted_memory(request, pieces)):
                return self._slots[slot].rehearse(request, device, pieces)

        return rehearsed(request, once)

    def _admitted(self, slot: int, device: str, request: Request, report: Report) -> Evaluation:
        """Train when the device has room; alone once more where that was too little."""
        room = self.rooms.get(device)

        def trained(pieces: int) -> Evaluation:
            if room is None:  # a CPU: its memory is limited worker by worker
                return self._evaluate(slot, device, request, report, pieces)
            with room.taken(predicted_memory(request, pieces)):
                evaluation = self._evaluate(slot, device, request, report, pieces)
            if evaluation.status == "out_of_memory":
                with room.taken():
                    evaluation = self._evaluate(slot, device, request, report, pieces)
            return evaluation

        return fitted(request, trained)

    def _evaluate(
        self, slot: int, device: str, request: Request, report: Report, pieces: int
    ) -> Evaluation:
        limit, place = self.settings.time_limit, self.place(request)
        return self._slots[slot].evaluate(request, device, limit, report, pieces, place)

    def _memory_limit(self) -> float | None:
        limit = self.settings.memory_limit
        if self.device.type != "cpu" or limit is None:
            return None
        if limit == "auto":
            whole = memory()
            return None if whole is None else SHARE * whole / self.count
        return limit * GIGABYTE

    def close(self) -> None:
        """Stop all workers, whatever they do; what was not done is cancelled."""
        super().close()
        with suppress(queue.Empty):
            while (job := self._jobs.get_nowait()) is not None:
                job[1].cancel()
        for _ in self._threads:
            self._jobs.put(None)
        for slot in self._slots:
            slot.kill()
        for thread in self._threads:
            thread.join()
        self._threads = []


def _devices(device: torch.device) -> Sequence[str]:
    """Return the devices of the children; ``cuda`` without a number is every GPU."""
    if device.type == "cuda" and device.index is None:
        return [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return [str(device)]


def _free(device: str) -> int:
    """Free bytes of a GPU."""
    return torch.cuda.mem_get_info(torch.device(device))[0]
