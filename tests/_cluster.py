"""A Ray cluster of several nodes on this machine."""

import os
import shutil
import signal
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests._processes import told

ROOT = Path(__file__).parent.parent
MARK = "NAS_TEST_CLUSTER"  # in the environment of all processes of a cluster
OBJECTS = 80 * 2**20  # bytes of a node's object store, the smallest there is


@contextmanager
def started(*cpus, gpus=0):
    """Start a cluster whose nodes have so many CPUs, the head first; give Ray's ``Cluster``.

    Ray is told that the last has GPUs, and believes it.
    """
    pytest.importorskip("ray", reason="Ray is wanted: pip install 'nas-env[cluster]'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        import ray
        from ray.cluster_utils import Cluster

        folder = tempfile.mkdtemp(prefix="nas-ray-")  # short: the paths of sockets are limited
        patch.setenv(MARK, folder)
        patch.setenv("TMPDIR", folder)  # of the nodes; and no other program finds the cluster
        Path(folder, "ray").mkdir()
        patch.setenv("RAY_worker_niceness", "0")  # a busy machine has other tests
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests")]))
        made = Cluster()
        for number, count in enumerate(cpus):
            own = {"temp_dir": folder, "include_dashboard": False} if number == 0 else {}
            own["num_gpus"] = gpus if number == len(cpus) - 1 else 0
            made.add_node(num_cpus=count, object_store_memory=OBJECTS, **own)
        patch.setenv("RAY_ADDRESS", made.address)
        try:
            yield made
        finally:
            ray.shutdown()
            made.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


def kill_node(cluster, node):
    """Kill a node with all its processes, which have no time to finish anything."""
    own = ray_processes(node)
    cluster.remove_node(node, allow_graceful=False)
    for process in own:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def ray_processes(node, title=b"ray::"):
    """The processes of a node, with such a title, in which Ray runs what it is given."""
    starter = node.all_processes["raylet"][0].process.pid
    return [process for process in processes(title) if told(process).parent == starter]


def add_node(cluster):
    """Add a node with room for one child, which is there when this returns; return it."""
    return cluster.add_node(num_cpus=1, object_store_memory=OBJECTS)


def processes(*words):
    """The processes of the cluster whose command has one of some words in it."""
    mark, found = os.environ[MARK].encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if any(word in command for word in words):
                own = mark in (folder / "environ").read_bytes()
                found += [int(folder.name)] * own
    return found
