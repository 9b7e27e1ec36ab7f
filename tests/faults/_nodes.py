"""Nodes of a Ray cluster that die while something is trained on them."""

import time

from _children import until
from _cluster import add_node, kill_node, ray_processes


def replace_a_node(cluster, after=0.0):
    """Kill a node, and put another in its place; see :func:`kill_a_node`."""
    kill_a_node(cluster, after)
    add_node(cluster)


def kill_a_node(cluster, after=0.0):
    """Kill a node, so many seconds after a child is seen there."""
    found = []
    until(lambda: found.extend(busy(cluster)) or found)
    time.sleep(after)
    kill_node(cluster, found[0])


def busy(cluster):
    """The nodes on which a child is trained at this moment."""
    return [node for node in cluster.worker_nodes if ray_processes(node, b"ray::child")]
