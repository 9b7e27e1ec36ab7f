"""The protocol of an evaluator, which takes requests and returns futures of evaluations."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from nas_env.errors import StoreError
from nas_env.evaluation._child import under_limits
from nas_env.evaluation._data import check_data
from nas_env.evaluation._rehearsal import Rehearsal
from nas_env.evaluation._work import Work
from nas_env.records import Evaluation, Request
from nas_env.run.store import Store
from search_spaces import _catalogue

WAIT = 0.2  # seconds between two looks at a child that another process trains


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
        work: Children that are being trained, as far as a member reports them.
        kept: Seconds taken to store each evaluation, by its key.
    """

    Settings: ClassVar[type] = NoSettings
    background: ClassVar[bool] = False

    def __init__(self, device: torch.device, store: Store, settings: Any = None):
        self.device = device
        self.store = store
        self.settings = settings if settings is not None else self.Settings()
        self._running: dict[str, Future[Evaluation]] = {}
        self.kept: dict[str, float] = {}
        self.work = Work()

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
        """Return the evaluation that answers without training, under the limits of the request."""
        kept = self.store.get(request.key)
        return None if kept is None else under_limits(request, kept)

    def submit(self, request: Request) -> Future[Evaluation]:
        """Request one evaluation; it is durable in the store before the future has it."""
        while True:
            if (running := self._running.get(request.key)) is not None:
                return running
            if (evaluation := self.known(request)) is not None:
                return _answered(evaluation)
            claim = self.store.claim(request.key)
            if claim == "mine":
                return self._keep(request)
            if claim == "taken":
                time.sleep(WAIT)

    def submit_batch(self, requests: Sequence[Request]) -> list[Future[Evaluation]]:
        """Request a whole batch; its futures are used in the order of submission."""
        return [self.submit(request) for request in requests]

    def announce(self, requests: Iterable[Request]) -> None:
        """Begin children that will be requested soon, if they run in the background; never wait."""
        for request in requests if self.background else ():
            known = request.key in self._running or self.known(request) is not None
            if not known and self.store.claim(request.key) == "mine":
                self._keep(request)

    @property
    def capacity(self) -> int:
        """The number of children that are trained at the same time."""
        return 1

    def rehearse(self, request: Request, times: int) -> list[Rehearsal]:
        """Time the first steps of a child where it would be trained, so often at the same time.

        Returns:
            What was found; nothing where the child fails at once, or a member cannot do it.
        """
        return []

    def close(self) -> None:  # noqa: B027 - most have nothing to stop
        """Stop what runs in the background."""

    def _keep(self, request: Request) -> Future[Evaluation]:
        """Train, store the result, and only then hand it out."""
        kept = self._running[request.key] = Future()

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
        return kept

    def _put(self, request: Request, evaluation: Evaluation) -> None:
        """Store an evaluation, unless it holds only under the limits of this request."""
        if evaluation.status == "too_large":
            self.store.release(request.key)
            return
        begun = time.perf_counter()
        self.store.put(request, evaluation)
        self.kept[request.key] = time.perf_counter() - begun


def _answered(evaluation: Evaluation) -> Future[Evaluation]:
    future: Future[Evaluation] = Future()
    future.set_result(evaluation)
    return future
