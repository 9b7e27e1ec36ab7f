"""Trains a child on a node of a Ray cluster: a line of JSON comes in, lines of JSON go out.

The process of Ray's that runs this holds the child's place (its CPUs, its share of a GPU) and
waits; a worker process of ours trains the child, as on one machine, and ends with the former.
"""

from __future__ import annotations

import functools
import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nas_env.errors import InvalidValue, NASError
from nas_env.evaluation._checkpoints import NOWHERE, Place
from nas_env.evaluation._child import fitted
from nas_env.evaluation._fork_shared import SharedForkServer
from nas_env.evaluation._ray_data import unpack
from nas_env.evaluation._rehearsal import rehearsed
from nas_env.evaluation._slot import Slot
from nas_env.machine import memory
from nas_env.records import Evaluation, Request
from nas_env.training.outcome import Progress, Report

GIGABYTE = 2**30
SELDOM = 0.5  # seconds between two reports of one child
SHARE = 0.9  # of a node's memory that its children may take together
VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Order:
    """A wish of a search, made of JSON values alone.

    Attributes:
        wanted: ``"evaluate"``, or ``"rehearse"`` for an estimate of the time it takes.
        request: The child.
        time_limit: Seconds of a child; None for no limit.
        memory_limit: Gigabytes of a child on a CPU, ``"auto"`` for its share of the node's; None
            for no limit.
        place: The place of the checkpoints of its training.
        data: Folder of the data on the nodes; None for what each node says itself.
        sent: Digest of the data that is sent along; None where none is.
    """

    wanted: str
    request: Mapping[str, Any]
    time_limit: float | None = None
    memory_limit: float | str | None = None
    place: tuple[str | None, float] = NOWHERE
    data: str | None = None
    sent: str | None = None


def serve(text: str, content: Any = None) -> Iterator[str]:
    """Carry out an order.

    Args:
        text: An :class:`Order` as JSON.
        content: The data that is sent along, uint8 (n,), which a node has once; None for none.

    Yields:
        Messages as JSON: first ``begun`` with the node's name, then ``progress``, and at last
        ``answer`` with the evaluation, or ``error`` with its type and its line; with each the
        ``seconds`` since it has begun.
    """
    order, began = Order(**json.loads(text)), time.monotonic()
    yield json.dumps({"begun": os.uname().nodename})
    for message in _told(functools.partial(_carried_out, order, content)):
        yield json.dumps({**message, "seconds": time.monotonic() - began})


def _told(work: Callable[[Report], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what work reports, and at last what it returns; it runs in a thread of its own."""
    messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    due = 0.0

    def report(progress: Progress) -> None:
        nonlocal due
        if time.monotonic() >= due:
            messages.put({"progress": progress})
            due = time.monotonic() + SELDOM

    def run() -> None:
        try:
            messages.put(work(report))
        except (NASError, InvalidValue) as error:
            messages.put({"error": [type(error).__name__, str(error)]})
        except BaseException as error:
            messages.put({"error": ["NASError", f"{type(error).__name__}: {error}"]})

    threading.Thread(target=run, daemon=True).start()
    while "progress" in (message := messages.get()):
        yield message
    yield message


def _carried_out(order: Order, content: Any, report: Report) -> dict[str, Any]:
    """Train or rehearse the child of an order in the worker of this process."""
    data = order.data if order.sent is None else str(unpack(order.sent, content))
    if data is not None:
        os.environ["NAS_DATA"] = data
    request = Request(**order.request)
    device = "cpu" if request.device == "cpu" else f"{request.device}:0"  # Ray hides the others
    slot = _slot(_memory_limit(order, request), os.environ.get(VISIBLE), data)
    if order.wanted == "rehearse":
        found = rehearsed(request, lambda pieces: slot.rehearse(request, device, pieces))
        return {"answer": found}
    _check_folder(request)
    place = _shared(Place(*order.place))

    def trained(pieces: int) -> Evaluation:
        return slot.evaluate(request, device, order.time_limit, report, pieces, place)

    return {"answer": asdict(fitted(request, trained))}


_last: tuple[Any, Slot] | None = None


def _slot(*settings: Any) -> Slot:
    """Return the slot of this process: the last child's, if it was begun with the same settings."""
    global _last
    if _last is None or _last[0] != settings:
        if _last is not None:
            _last[1].close()
        _join()
        _last = settings, Slot(settings[0], SharedForkServer)
    return _last[1]


def _memory_limit(order: Order, request: Request) -> float | None:
    """Return the bytes that a child may take, from what Ray keeps for it of the node's CPUs."""
    if request.device != "cpu" or order.memory_limit is None:
        return None
    if not isinstance(order.memory_limit, str):
        return order.memory_limit * GIGABYTE
    import ray

    cpus = ray.get_runtime_context().get_assigned_resources().get("CPU", 0.0)
    whole = memory()
    return None if whole is None or not cpus else SHARE * whole * cpus / max(_cpus(), cpus)


@functools.cache
def _join() -> None:
    """Share the server of this machine with the other processes of the search."""
    import ray

    context = ray.get_runtime_context()
    SharedForkServer.name = f"{context.gcs_address} {context.get_job_id()}"


@functools.cache
def _cpus() -> float:
    """Return the CPUs of this node."""
    import ray

    own = ray.get_runtime_context().get_node_id()
    found = (node["Resources"] for node in ray.nodes() if node["NodeID"] == own)
    return next(found, {}).get("CPU", 0.0)


def _check_folder(request: Request) -> None:
    """Check that weights that are to be kept can be written where they are wanted."""
    if request.keep is not None and not Path(request.keep).parent.is_dir():
        raise NASError(
            f"{Path(request.keep).parent} is not there: weights are kept in a folder that all "
            "nodes share"
        )


def _shared(place: Place) -> Place:
    """Return the place of checkpoints, if its folder is one that this node shares."""
    shared = place.folder is not None and Path(place.folder).parent.parent.is_dir()
    return place if shared else NOWHERE
