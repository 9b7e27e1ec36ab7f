"""A Ray cluster as a search sees it: joined or started, the children it can hold, what it runs."""

from __future__ import annotations

import functools
import importlib.util
import math
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from nas_env.errors import InvalidValue, NASError
from nas_env.evaluation._ray_node import serve
from nas_env.machine import cores

LOCAL = "local"
STORE = 80 * 2**20  # bytes for Ray's objects on this machine; the smallest: they are lines of JSON
REACH = 10.0  # seconds for a first connection to a cluster
RECENT = 5.0  # seconds for which the number of nodes is not asked again


def ray() -> ModuleType:
    """Return Ray.

    Raises:
        NASError: If it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise NASError(
            "the evaluator ray needs Ray, which is not installed: pip install 'nas-env[cluster]'"
        ) from None


_sent: set[str] = set()  # the folders of packages that this process has sent


@dataclass(frozen=True)
class Share:
    """The part of a node that Ray keeps for a child.

    Attributes:
        cpus: Number of CPUs, which may be a fraction.
        gpus: Number of GPUs, which may be a fraction.
    """

    cpus: float
    gpus: float

    def fits(self, resources: dict[str, float]) -> int:
        """Return how many of them a node holds.

        Example:
            >>> Share(1, 0.25).fits({"CPU": 16.0, "GPU": 2.0}), Share(1, 0).fits({"CPU": 2.0})
            (8, 2)
        """
        wanted = (self.cpus, resources.get("CPU", 0.0)), (self.gpus, resources.get("GPU", 0.0))
        return min(math.floor(there / each + 1e-9) for each, there in wanted if each)


class Cluster:
    """A cluster that this process has joined, or has started on this machine alone.

    Args:
        address: Address of a running cluster, ``auto`` for one that this machine is part of,
            ``local`` to start one; None for that of ``RAY_ADDRESS``, or ``local``.
        packages: Folders or names of packages that are sent to the nodes.

    Raises:
        NASError: If Ray is not installed, or the cluster cannot be joined.
        InvalidValue: If there is no such package.
    """

    def __init__(self, address: str | None = None, packages: Sequence[str] = ()):
        self.ray = ray()
        folders = [package_folder(each) for each in packages]
        if not self.ray.is_initialized():
            self._join(address or os.environ.get("RAY_ADDRESS") or LOCAL, folders)
        elif not _sent.issuperset(folders):
            raise InvalidValue(
                "packages are sent when a cluster is joined, and this process has joined one: "
                "give them to ray.init(runtime_env=...)"
            )
        self._counted = -math.inf
        self._nodes: list[dict[str, Any]] = []

    def _join(self, address: str, folders: Sequence[str]) -> None:
        if address not in (LOCAL, "auto"):
            _reach(address)
        try:
            self.ray.init(
                address=address,
                runtime_env={"py_modules": list(folders)} if folders else None,
                log_to_driver=False,
                logging_level="ERROR",
                **(_own() if address == LOCAL else {}),
            )
        except Exception as error:
            where = "could not be started" if address == LOCAL else f"{address} cannot be joined"
            raise NASError(f"the Ray cluster {where}: {line_of(error)}") from None

        _sent.clear()
        _sent.update(folders)

    def nodes(self) -> list[dict[str, Any]]:
        """Return the resources of each living node, as they were a few seconds ago or now."""
        if time.monotonic() - self._counted > RECENT:
            alive = [node for node in self.ray.nodes() if node["Alive"]]
            self._nodes = [node["Resources"] for node in alive]
            self._counted = time.monotonic()
        return self._nodes

    def capacity(self, share: Share) -> int:
        """Return the number of children that the living nodes hold at once."""
        return sum(share.fits(each) for each in self.nodes())

    def whole_node(self, share: Share) -> Share:
        """Return the share of a child that has the largest of the nodes to itself."""
        if share.gpus:
            return Share(share.cpus, max(1.0, share.gpus))
        return Share(max((each.get("CPU", 0.0) for each in self.nodes()), default=0.0), 0.0)

    def put(self, content: Any) -> Any:
        """Keep something that nodes fetch when they first need it, each once.

        Returns:
            What stands for it, to be given to :meth:`run`.
        """
        return self.ray.put(content)

    def run(self, order: str, share: Share, content: Any = None) -> Any:
        """Have a node carry out an order, see :mod:`nas_env.evaluation._ray_node`.

        Args:
            order: The order.
            share: What is kept for it.
            content: What :meth:`put` returned, if something goes with it.

        Returns:
            Ray's generator of the node's messages.
        """
        task = _remote().options(
            num_cpus=share.cpus,
            num_gpus=share.gpus,
            max_retries=0,  # what is tried again, and what is not, is decided here
            num_returns="streaming",
            name="child",
        )
        return task.remote(order, content)


def _reach(address: str) -> None:
    """Check that somebody listens at an address; Ray itself would try for minutes.

    Raises:
        InvalidValue: If it is no address of a cluster.
        NASError: If nobody listens there.
    """
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise InvalidValue(
            f"address is {address!r}, expected host:port of a cluster that this machine is part "
            "of (ray start --address), auto or local"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACH).close()
    except (OSError, OverflowError) as error:
        raise NASError(f"the Ray cluster {address} cannot be joined: {error}") from None


def _own() -> dict[str, Any]:
    """Return the settings of a cluster of this machine alone, which no other machine can reach."""
    os.environ.setdefault("RAY_worker_niceness", "0")  # as worker processes
    return {
        "num_cpus": cores(),
        "include_dashboard": False,
        "object_store_memory": STORE,
        "_node_ip_address": "127.0.0.1",
    }


def line_of(error: Exception) -> str:
    """Return the first line that an error has, or its name."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@functools.cache
def _remote() -> Any:
    """Return what runs on a node as Ray's function; it goes there by its name, not as code.

    Its process serves one child after the other, on a GPU too, of whose memory it holds nothing.
    """
    return ray().remote(max_calls=0)(serve)


def package_folder(named: str) -> str:
    """Return the folder of a package, which is given by its folder or by its name.

    Raises:
        InvalidValue: If there is none.

    Example:
        >>> package_folder("nas_env").endswith("nas_env")
        True
    """
    folder = Path(named).expanduser()
    if folder.is_dir():
        return str(folder.resolve())
    found = importlib.util.find_spec(named) if named.isidentifier() else None
    if found is None or not found.submodule_search_locations:
        raise InvalidValue(f"packages has {named!r}, expected the folder or the name of a package")
    return str(next(iter(found.submodule_search_locations)))
