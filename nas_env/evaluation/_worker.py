"""A process that trains children, one after the other: both ends of the line to it."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any, NoReturn

import torch

import nas_env.errors
from nas_env.errors import NASError
from nas_env.evaluation._checkpoints import NOWHERE, Place
from nas_env.evaluation._child import evaluate_job, prepare
from nas_env.evaluation._fork_server import ForkServer
from nas_env.evaluation._job import Job
from nas_env.evaluation._last_words import NEXT_CHILD
from nas_env.evaluation._rehearsal import DoesNotFit, Rehearsal, rehearse
from nas_env.records import Evaluation, Request
from nas_env.training.allocator import keep_memory
from nas_env.training.outcome import Progress, Report, unheard
from search_spaces import InvalidValue

READING = 3600.0  # seconds that a worker may take to read the data of a child
START = 600.0  # seconds that a worker may take to be ready; an import from a slow, busy disk


class WorkerDied(Exception):
    """The worker ended before it answered; the message says how.

    Args:
        message: Line that says how it ended.
        code: The exit status of the worker, or minus the signal that killed it.
        output: The end of what the worker wrote.
    """

    def __init__(self, message: str, code: int = 0, output: str = ""):
        super().__init__(message)
        self.code, self.output = code, output


class WorkerLate(Exception):
    """The worker had not answered in time; the message says in which."""


class Worker:
    """The caller's end; the worker itself is there when :meth:`ready` returns.

    Args:
        settings: Settings of the worker: ``memory_limit`` in bytes, or None.
        server: Class of the server that forks it.

    Raises:
        NASError: If it cannot be started.
    """

    def __init__(self, settings: Mapping[str, Any], server: type[ForkServer] = ForkServer):
        self._server = server.shared()
        self._line, theirs = socket.socketpair()
        self._waiting = b""
        self._number = 0  # no worker has it
        self._ready = False
        try:
            with theirs:
                self._number = self._server.fork(theirs)
            # As they are now: the server may have been started before they were changed.
            self._send({"environment": dict(os.environ), "path": sys.path, **settings})
        except OSError as error:
            self.close()
            raise _not_started(error) from None

    def ready(self) -> None:
        """Wait until there is a worker: its server may import for seconds first.

        Raises:
            NASError: If there will be none; :meth:`kill` brings that about at once.
        """
        if not self._ready:
            try:
                self._receive(time.monotonic() + START)
            except (WorkerDied, WorkerLate) as error:
                raise _not_started(error) from None
            self._ready = True

    def evaluate(
        self,
        request: Request,
        device: str,
        limit: float | None,
        report: Report = unheard,
        pieces: int = 1,
        place: Place = NOWHERE,
    ) -> Evaluation:
        """Have one child trained.

        Args:
            request: What is wanted.
            device: Where the child is trained.
            limit: Seconds that it may take once its data has been read; None for no limit.
            report: Called with what the worker says of its progress.
            pieces: Parts in which each batch is trained.
            place: The place of the checkpoints of its training.

        Raises:
            WorkerDied: If the worker has ended; it is of no use any more.
            WorkerLate: If the child took more than ``limit`` seconds; it is still at it.
            NASError: If :func:`~nas_env.evaluation.evaluate` raises it, or it cannot be started.
        """
        return Evaluation(**self._ask("evaluate", request, device, limit, report, pieces, place))

    def rehearse(
        self, request: Request, device: str, limit: float, pieces: int = 1
    ) -> Rehearsal | None:
        """Have the first steps of one child timed; None where nothing can be told.

        Raises:
            DoesNotFit: If its memory was too small; the worker may be spoiled.
            WorkerDied: If the worker has ended; it is of no use any more.
            WorkerLate: If it took more than ``limit`` seconds; it is still at it.
            NASError: If :func:`~nas_env.evaluation._rehearsal.rehearse` raises it, or it cannot be
                started.
        """
        answer = self._ask("rehearse", request, device, limit, unheard, pieces)
        return None if answer is None else Rehearsal(*answer)

    def _ask(
        self,
        wanted: str,
        request: Request,
        device: str,
        limit: float | None,
        report: Report,
        pieces: int = 1,
        place: Place = NOWHERE,
    ) -> Any:
        self.ready()
        asked = {
            "wanted": wanted,
            "request": asdict(request),
            "device": device,
            "pieces": pieces,
            "place": place,
        }
        with suppress(OSError):  # it has ended; how, it says below
            self._send(asked)
        late = f"its data was not read within {READING:g} seconds"
        self._receive(time.monotonic() + READING, late)  # {"begun": True}
        until = None if limit is None else time.monotonic() + limit
        late = f"not done within {limit or 0:g} seconds"
        while "progress" in (answer := self._receive(until, late)):
            report(Progress(*answer["progress"]))
        if "does_not_fit" in answer:
            raise DoesNotFit
        if "error" in answer:
            raise error_of(*answer["error"])
        return answer["answer"]

    def kill(self) -> None:
        """End it, whatever it does; from any thread. Who waits for it hears that it died."""
        self._server.kill(self._number)
        if not self._ready:  # a server that still imports reads no orders: nobody waits for it
            with suppress(OSError):  # the line has ended
                self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it, wait until its memory is free, and end the line; from the thread that uses it."""
        self.kill()
        with suppress(WorkerDied, WorkerLate):
            while True:
                self._receive(time.monotonic() + START)
        self._line.close()

    def _send(self, message: Mapping[str, Any]) -> None:
        self._line.settimeout(START)
        self._line.sendall(json.dumps(message).encode() + b"\n")

    def _receive(self, until: float | None, late: str = "") -> dict[str, Any]:
        """Return the next whole message, if it comes before a moment of the monotonic clock."""
        while True:
            line, newline, rest = self._waiting.partition(b"\n")
            if newline:
                self._waiting = rest
                with suppress(ValueError):  # half a message of one that was killed
                    return self._checked(json.loads(line))
                continue
            try:
                self._line.settimeout(None if until is None else max(until - time.monotonic(), 0.0))
                received = self._line.recv(2**16)
            except (TimeoutError, BlockingIOError):
                raise WorkerLate(late) from None
            except ConnectionError:
                received = b""
            if not received:
                raise WorkerDied("the server of the workers has ended")
            self._waiting += received

    @staticmethod
    def _checked(message: dict[str, Any]) -> dict[str, Any]:
        if "exit" in message:
            raise WorkerDied(_ending(message["exit"]), message["exit"], message["output"])
        return message


def _not_started(error: Exception) -> NASError:
    return NASError(f"a worker process could not be started: {error}")


def work(line: socket.socket) -> NoReturn:
    """The worker's life: requests in, evaluations out, until the line is closed."""

    def send(message: Mapping[str, Any]) -> None:
        line.sendall(json.dumps(message).encode() + b"\n")

    def report(progress: Progress) -> None:
        send({"progress": progress})

    with line.makefile("rb") as incoming:
        for text in incoming:
            message = json.loads(text)
            if "request" in message:
                os.write(2, NEXT_CHILD)
                job, device = Job(Request(**message["request"])), torch.device(message["device"])
                prepare(job, device)
                send({"begun": True})
                pieces, place = message["pieces"], Place(*message["place"])
                send(_answer(message["wanted"], job, device, report, pieces, place))
            else:
                send(_begin(message))
    os._exit(0)


def _begin(message: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that last as long as the worker."""
    os.environ.clear()
    os.environ.update(message["environment"])
    sys.path[:] = message["path"]
    faulthandler.enable()  # a crash says where
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[attr-defined]
    torch.set_num_threads(1)
    keep_memory()
    if message["memory_limit"] is not None:
        limit = int(message["memory_limit"])
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    return {"ready": True}


def _answer(
    wanted: str, job: Job, device: torch.device, report: Report, pieces: int, place: Place
) -> dict[str, Any]:
    try:
        if wanted == "rehearse":
            return {"answer": rehearse(job, device, pieces)}
        return {"answer": asdict(evaluate_job(job, device, report, pieces, place))}
    except DoesNotFit:
        return {"does_not_fit": True}
    except (NASError, InvalidValue) as error:
        return {"error": [type(error).__name__, str(error)]}


def error_of(name: str, text: str) -> Exception:
    """Return the error that a worker met, as if it had been met here."""
    kind = getattr(nas_env.errors, name, NASError)
    error = kind.__new__(kind, text)
    error.args = (text,)
    return error


def _ending(code: int) -> str:
    """Say how a process ended.

    Example:
        >>> _ending(-11), _ending(3)
        ('the worker was killed by SIGSEGV', 'the worker exited with status 3')
    """
    if code >= 0:
        return f"the worker exited with status {code}"
    return f"the worker was killed by {signal.Signals(-code).name}"
