"""Nodes of a Ray cluster that die while something is trained on them."""

import time
from contextlib import suppress
from pathlib import Path

from _children import until
from _cluster import processes, replace_node


def kill_a_node(cluster, after=0.0, done=lambda: False):
    """Kill a node, so many seconds after a child is seen there, and put another in its place.

    Args:
        cluster: The cluster.
        after: The seconds.
        done: Tells whether there will be no child any more.

    Returns:
        Whether one was killed; none is when all is done.
    """
    found = []
    until(lambda: found.extend(busy(cluster)) or found or done())
    if found:
        time.sleep(after)
        replace_node(cluster, found[0])
    return bool(found)


def busy(cluster):
    """The nodes on which a child is trained at this moment."""
    starters = set(map(parent, processes(b"ray::child")))
    return [node for node in cluster.worker_nodes if raylet(node) in starters]


def raylet(node):
    """The process of a node that starts those of Ray in which children are awaited."""
    return node.all_processes["raylet"][0].process.pid


def parent(process):
    """The process that has started another; 0 if that has ended."""
    with suppress(OSError):
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return 0
