"""Trains children on the nodes of a Ray cluster."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import torch

from nas_env.errors import InvalidValue
from nas_env.evaluation._base import Evaluator
from nas_env.evaluation._checkpoints import EVERY
from nas_env.evaluation._ray_attempts import Attempt, Attempts
from nas_env.evaluation._ray_cluster import Cluster, Share, ray
from nas_env.evaluation._ray_data import pack
from nas_env.evaluation._ray_node import Order
from nas_env.evaluation._rehearsal import Rehearsal
from nas_env.evaluation._work import Work
from nas_env.records import Evaluation, Request
from nas_env.run.store import Store
from nas_env.tasks import data_folder
from search_spaces._settings import at_least, at_least_or


@dataclass(frozen=True)
class RaySettings:
    """Settings by which children share a Ray cluster.

    Attributes:
        address: Address of a running cluster, ``host:port``, or ``auto`` for one that this machine
            is part of; by default that of the variable ``RAY_ADDRESS``. Without either, or with
            ``local``, one is started on this machine alone.
        workers: Children that are kept on their way where they are used as they finish; ``auto``:
            as many as the cluster holds at once. More let a cluster grow that can.
        cpus_per_child: CPUs that Ray keeps for a child.
        gpus_per_child: GPUs that Ray keeps for a child; ``auto``: 1 on CUDA, none on a CPU.
        time_limit: Seconds of one child, from when its data has been read; then it is stopped and
            has ``timed_out``. None for no limit.
        memory_limit: Gigabytes of one child on a CPU; one whose batches want more is trained in
            parts of them, and what still wants more is ``out_of_memory``. ``auto``: its share of
            nine tenths of the node's, by its CPUs; None for no limit.
        checkpoint_every: Seconds of a training between two checkpoints, from which it goes on
            where it was killed, if the nodes share the run's folder; 0 for none.
        retries: Number of times that a child is tried again whose node was lost.
        alone: Train a child that ran out of memory once more, alone on a node.
        packages: Folders or names of packages that are sent to the nodes, as your own tasks.
        data: Folder of the data on the nodes, where the variable ``NAS_DATA`` is not set there.
        send: Files and folders of the data folder here that are sent to each node once.
    """

    address: str | None = None
    workers: int | Literal["auto"] = "auto"
    cpus_per_child: float = 1.0
    gpus_per_child: float | Literal["auto"] = "auto"
    time_limit: float | None = None
    memory_limit: float | Literal["auto"] | None = "auto"
    checkpoint_every: float = EVERY
    retries: int = 3
    alone: bool = False
    packages: tuple[str, ...] = ()
    data: str | None = None
    send: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        at_least_or("auto", self, workers=1, memory_limit=0.25, gpus_per_child=0)
        at_least(self, cpus_per_child=0, time_limit=0, checkpoint_every=0, retries=0)
        if self.data is not None and self.send:
            raise InvalidValue("data and send are given, expected one of them")
        if self.cpus_per_child == 0 and self.gpus_per_child in (0, "auto"):
            raise InvalidValue(
                "cpus_per_child is 0, expected more where no GPU is kept for a child"
            )

    def share(self, device: str) -> Share:
        """Return what Ray keeps for a child on a type of device.

        Raises:
            InvalidValue: If no GPU is kept for a child that needs one.
        """
        gpus = self.gpus_per_child
        if gpus == "auto":
            gpus = 1.0 if device == "cuda" else 0.0
        if device == "cuda" and gpus == 0:
            raise InvalidValue("gpus_per_child is 0, expected more on device cuda")
        return Share(self.cpus_per_child, gpus)


class RayEvaluator(Evaluator):
    """A submitted child is a task of Ray's, which a node takes as soon as it has room for it.

    What waits is what Ray sees wanted, so that a cluster grows that can. A thread of this process
    follows all children; a child whose node was lost is tried again on another.
    """

    Settings = RaySettings
    background = True
    elsewhere = True

    settings: RaySettings

    def __init__(self, device: torch.device, store: Store, settings: RaySettings | None = None):
        super().__init__(device, store, settings)
        self.share = self.settings.share(device.type)
        ray()
        self._flying: set[Future[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @cached_property
    def cluster(self) -> Cluster:
        """The cluster, which is joined or started when it is first needed."""
        return Cluster(self.settings.address, self.settings.packages)

    @cached_property
    def parcel(self) -> tuple[str, Any] | None:
        """The digest of the data that is sent, and what stands for it; None where none is."""
        if not self.settings.send:
            return None
        digest, content = pack(data_folder(), self.settings.send)
        return digest, self.cluster.put(content)

    def prepare(self, task: Mapping[str, Any]) -> None:
        """Check a task's data here, and that the cluster has room for a child.

        Raises:
            NASError: If the data cannot be read, or the cluster cannot be joined.
            InvalidValue: If no node has room for a child.
        """
        super().prepare(task)
        if self.settings.workers == "auto" and self.cluster.capacity(self.share) == 0:
            raise InvalidValue(
                f"no node of the cluster has {self.share.cpus:g} CPUs and {self.share.gpus:g} GPUs "
                "for a child; where nodes are still to come, say by --evaluator.workers how many "
                "children they are for"
            )

    @property
    def capacity(self) -> int:
        """The number of children that are trained at the same time."""
        if self.settings.workers != "auto":
            return self.settings.workers
        return max(1, self.cluster.capacity(self.share))

    @property
    def checkpoint_every(self) -> float:
        """See the base."""
        return self.settings.checkpoint_every

    def _order(self, wanted: str, request: Request) -> str:
        limits = self.settings.time_limit, self.settings.memory_limit
        place, data, parcel = self.place(request), self.settings.data, self.parcel
        sent = None if parcel is None else parcel[0]
        order = Order(wanted, asdict(request), *limits, place, data, sent)
        return json.dumps(asdict(order))

    def _attempts(self, work: Work) -> Attempts:
        settings = self.settings
        content = None if self.parcel is None else self.parcel[1]
        return Attempts(self.cluster, work, self.share, settings.retries, settings.alone, content)

    def _train(self, request: Request) -> Future[Evaluation]:
        order = self._order("evaluate", request)
        return self._follow(self._attempts(self.work).evaluation(order))

    def rehearse(self, request: Request, times: int) -> list[Rehearsal]:
        """See the base; a node rehearses beside the others."""
        attempts, order = self._attempts(Work()), self._order("rehearse", request)
        futures = [
            self._follow(attempts.asked(order, self.share, Attempt()))
            for _ in range(min(times, self.capacity))
        ]
        answers = [future.result() for future in futures]
        return [Rehearsal(*answer) for answer in answers if answer is not None]

    def _follow(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Let a coroutine run in the thread that follows all children."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
            self._thread.start()
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._flying.add(future)
        future.add_done_callback(self._flying.discard)
        return future

    def close(self) -> None:
        """Stop all children, whatever they do; what was not done is cancelled."""
        super().close()
        if self._loop is None or self._thread is None:
            return
        for future in list(self._flying):
            future.cancel()
        with suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(_ended(), self._loop).result(timeout=60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._loop = self._thread = None


async def _ended() -> None:
    """Wait until all children have been cancelled."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)
