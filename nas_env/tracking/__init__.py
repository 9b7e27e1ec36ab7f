"""Trackers: services that show a search while it runs.

Each module whose name does not start with an underscore is one tracker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from nas_env.tracking._base import Tracker
from nas_env.tracking._items import Artifact, Cell, Labels, Picture, Table, Value
from nas_env.tracking._trackers import Trackers
from search_spaces import _catalogue

__all__ = [
    "Artifact",
    "Cell",
    "Labels",
    "Picture",
    "Table",
    "Tracker",
    "Trackers",
    "Value",
    "make_tracker",
    "make_trackers",
    "tracker_names",
]


def tracker_names() -> tuple[str, ...]:
    """Return the names of the trackers that ship with the package.

    Example:
        >>> tracker_names()
        ('tensorboard', 'wandb')
    """
    return _catalogue.names("nas_env.tracking")


def make_tracker(name: str) -> Tracker:
    """Make a tracker by its name, or as ``package.module:NAME``.

    Raises:
        UnknownName: If there is no such tracker.
        InvalidValue: If its library is not installed.
    """
    member = _catalogue.load("nas_env.tracking", name, Tracker)
    return cast("Callable[[], Tracker]", member)()


def make_trackers(names: Iterable[str]) -> Trackers:
    """Make the trackers of these names, each once, and join them into one for the search.

    Raises:
        UnknownName: If there is no such tracker.
        InvalidValue: If the library of one is not installed.
    """
    return Trackers(make_tracker(name) for name in dict.fromkeys(names))
