"""The protocol of an evaluator, which takes requests and returns futures of evaluations."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch

from nas_env.errors import StoreError
from nas_env.evaluation._checkpoints import NOWHERE, Place
from nas_env.evaluation._child import under_limits
from nas_env.evaluation._costliest import costliest_first, expected_flops
from nas_env.evaluation._data import check_data
from nas_env.evaluation._rehearsal import Rehearsal
from nas_env.evaluation._usage import Simulation, Usage
from nas_env.evaluation._watch import Watch
from nas_env.evaluation._work import Work
from nas_env.records import Evaluation, Request
from nas_env.run.store import Store
from search_spaces import _catalogue


@dataclass(frozen=True)
class NoSettings:
    """The settings of an evaluator that has none."""


class Evaluator(ABC):
    """Answers from the store, or claims the child and has it trained.

    A member defines :meth:`_train`.

    Args:
        device: Device on which children are trained.
        store: Store of the evaluations.
        settings: Settings of the member's class ``Settings``.

    Attributes:
        Settings: The frozen dataclass of a member's settings.
        background: Whether children are trained while the caller continues.
        trains: Whether children are trained at all.
        at_once: Whether a function's answers need no time, so that nobody need ask the evaluator.
        elsewhere: Whether they are trained on other machines, whose GPUs this one need not have.
        work: Children that are being trained, as far as a member reports them.
        kept: Seconds taken to store each evaluation, by its key.
    """

    Settings: ClassVar[type] = NoSettings
    background: ClassVar[bool] = False
    trains: ClassVar[bool] = True
    at_once: ClassVar[bool] = False
    elsewhere: ClassVar[bool] = False

    def __init__(self, device: torch.device, store: Store, settings: Any = None):
        self.device = device
        self.store = store
        self.settings = settings if settings is not None else self.Settings()
        self._running: dict[str, Future[Evaluation]] = {}
        self._watch = Watch(self._look)
        self.kept: dict[str, float] = {}
        self.work = Work()
        self._counted, self._offered = time.monotonic(), 0.0
        self._counting = threading.Lock()

    @classmethod
    def name(cls) -> str:
        """Return the name by which :func:`~nas_env.evaluation.evaluator_class` finds the member."""
        return _catalogue.name_of(cls, "nas_env.evaluation")

    @abstractmethod
    def _train(self, request: Request) -> Future[Evaluation]:
        """Train one child, which is already claimed; its evaluation is stored afterwards."""

    def prepare(self, task: Mapping[str, Any]) -> None:
        """Check, once a process, that a task's data can be read and fits the task.

        Raises:
            NASError: If the data is missing, damaged or does not fit; one line says which.
            InvalidValue: If the task's settings do not fit the data.
        """
        check_data(task)

    def known(self, request: Request) -> Evaluation | None:
        """Return the evaluation that answers without training, under the limits of the request.

        One whose weights were wanted in a file answers only if they are there.
        """
        kept = self.store.get(request.key)
        return None if kept is None or self._lost(request) else under_limits(request, kept)

    def _lost(self, request: Request) -> bool:
        """Tell whether a child was trained, but its weights are not where they are wanted."""
        if request.keep is None or Path(request.keep).is_file():
            return False
        kept = self.store.get(request.key)
        return kept is not None and kept.status == "ok"

    def submit(self, request: Request) -> Future[Evaluation]:
        """Request one evaluation; it is durable in the store before the future has it.

        The call never waits for another process: a child that one of them trains is answered when
        it is in the store, or trained here if that process dies.
        """
        if (running := self._running.get(request.key)) is not None:
            return running
        future = Future[Evaluation]()
        if not self._settle(request, future):
            self._running[request.key] = future
            self._watch.add(request, future)
        return future

    def _settle(self, request: Request, future: Future[Evaluation]) -> bool:
        """Answer from the store, or train; return False if another process trains the child."""
        while True:
            if (evaluation := self.known(request)) is not None:
                self._running.pop(request.key, None)
                future.set_result(evaluation)
                return True
            claim = self.store.claim(request.key, again=self._lost(request))
            if claim == "mine":
                self._keep(request, future)
            if claim != "answered":
                return claim == "mine"

    def _look(self, request: Request, future: Future[Evaluation]) -> bool:
        """Settle a child that another process trained a moment ago; an error is its answer."""
        try:
            return self._settle(request, future)
        except Exception as error:
            self._running.pop(request.key, None)
            future.set_exception(error)
            return True

    def submit_batch(self, requests: Sequence[Request]) -> list[Future[Evaluation]]:
        """Request a whole batch; return its futures in the order of the requests.

        Where not all can begin at once, the costliest is begun first: a batch is awaited whole,
        and it takes longest where the longest child begins last.
        """
        futures = {
            place: future
            for place, request in enumerate(requests if self._running else ())
            if (future := self._running.get(request.key)) is not None
        }
        new = [place for place in range(len(requests)) if place not in futures]
        if self.background and len(new) > max(self.capacity - len(self._running), 1):
            costs = [self.expected(requests[place]) for place in new]
            new = costliest_first(new, costs)
        futures |= {place: self.submit(requests[place]) for place in new}
        return [futures[place] for place in range(len(requests))]

    def announce(self, requests: Iterable[Request]) -> None:
        """Begin children that will be requested soon, if they run in the background."""
        if self.background:
            self.submit_batch([*requests])

    def expected(self, request: Request) -> float:
        """Return what a child will probably cost, in any unit; here in FLOPs."""
        return expected_flops(request)

    @property
    def capacity(self) -> int:
        """The number of children that are trained at the same time."""
        return 1

    def usage(self) -> Usage:
        """Return how busy its slots were since it was made, as far as ``work`` says.

        The present :attr:`capacity` counts since the last call. A member whose clock is another
        counts by itself.
        """
        with self._counting:
            now = time.monotonic()
            self._offered += (now - self._counted) * self.capacity
            self._counted = now
            return Usage(self.work.busy(), self._offered)

    def simulation(self) -> Simulation | None:
        """Return the figures of its simulated clock; None where real time passes."""
        return None

    def pass_time(self) -> None:
        """Let time pass until another child is done; real time passes by itself."""
        return

    @property
    def checkpoint_every(self) -> float:
        """The seconds of a training between two checkpoints; 0 for none."""
        return 0.0

    def place(self, request: Request) -> Place:
        """Return the place of a training's checkpoints, for whoever has claimed the request."""
        folder = self.store.unfinished
        if folder is None or self.checkpoint_every == 0:
            return NOWHERE
        return Place(str(folder / request.key[:16]), self.checkpoint_every)

    def rehearse(self, request: Request, times: int) -> list[Rehearsal]:
        """Time the first steps of a child where it would be trained, so often at the same time.

        Returns:
            What was found; nothing where the child fails at once, or a member cannot do it.
        """
        return []

    def close(self) -> None:
        """Stop what runs in the background; what has no answer is cancelled."""
        self.store.stop_waiting()
        self._watch.close()

    def _keep(self, request: Request, kept: Future[Evaluation]) -> None:
        """Train, store the result, and only then hand it out."""
        self._running[request.key] = kept

        def done(trained: Future[Evaluation]) -> None:
            try:
                evaluation = trained.result()
                self._put(request, evaluation)
            except BaseException as error:
                with suppress(StoreError):  # whoever waits must hear of the first error
                    self.store.release(request.key)
                del self._running[request.key]
                kept.set_exception(error)
                if not isinstance(error, Exception):
                    raise  # an interrupt: the rest of the batch is not begun
            else:
                del self._running[request.key]
                kept.set_result(evaluation)

        try:
            self._train(request).add_done_callback(done)
        except Exception as error:  # it could not even be started
            failed: Future[Evaluation] = Future()
            failed.set_exception(error)
            done(failed)

    def _put(self, request: Request, evaluation: Evaluation) -> None:
        """Store an evaluation, unless it holds only under the limits of this request."""
        if evaluation.status == "too_large":
            self.store.release(request.key)
            return
        begun = time.perf_counter()
        self.store.put(request, evaluation)
        self.kept[request.key] = time.perf_counter() - begun
        if evaluation.is_fact or request.split == "search":
            self.place(request).clear()  # a final training that was stopped can still go on

    def __reduce__(self) -> Any:
        return type(self), (self.device, self.store, self.settings)
