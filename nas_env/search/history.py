"""Checks that a store still has the children that a run's checkpoints and its summary tell of.

A search goes on from what it finds, so a store that was lost would be played again without a word.
It is refused instead, unless it was recovered: then somebody knows, and what is lost is played
again, which gives the same, since all is deterministic.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nas_env.errors import InvalidValue, StoreError
from nas_env.run.folder import CHECKPOINTS, CONTROL, SUMMARY_FILE, read_summary
from nas_env.run.store import Store, is_server, open_store, remedy
from nas_env.search.checkpoint import Checkpoint, forget_checkpoints_after, read_checkpoint

_LOG = logging.getLogger(__name__)


class Told(NamedTuple):
    """The number of children that a search has finished, by what lies in its run's folder.

    Attributes:
        run: Name of the search in the store.
        children: Number of its children.
        by: File or folder that says so.
    """

    run: str
    children: int
    by: Path


def told_by(folder: Path, run: str) -> Iterator[Told]:
    """Yield what the checkpoints and the summary of a run, and of its control, tell.

    Args:
        folder: Folder of the run.
        run: Name of the run in its store.
    """
    control = f"{run}-{CONTROL}"
    for name, place in ((run, folder / CHECKPOINTS), (control, folder / CONTROL / CHECKPOINTS)):
        if (checkpoint := read_checkpoint(place)) is not None:
            yield Told(name, checkpoint.episodes, place)
    with contextlib.suppress(InvalidValue):  # one that is damaged tells nothing
        if (summary := read_summary(folder)) is not None:
            yield Told(run, summary["children"], folder / SUMMARY_FILE)
            if summary["random_search"]:
                children = summary["random_search"]["children"]
                yield Told(control, children, folder / SUMMARY_FILE)


def check_history(folder: Path, where: str, run: str) -> bool:
    """Check a whole store, and that it has all children that its run tells of.

    Args:
        folder: Folder of the run.
        where: File or address of the store.
        run: Name of the run in it.

    Returns:
        True if it has them; False if it was recovered without some of them.

    Raises:
        StoreError: If it is damaged, or has lost some.
    """
    told = [each for each in told_by(folder, run) if each.children]
    if not is_server(where):
        _refuse_nothing(Path(where), told)
        if not Path(where).exists():
            return True
    has_all = True
    for number, name in enumerate(dict.fromkeys([run, *(each.run for each in told)])):
        with contextlib.closing(open_store(where, name)) as store:
            if number == 0:
                store.verify()
            known = len(store.episodes())
            for each in told:
                if each.run == name and each.children > known:
                    _refuse_loss(store, known, each, told)
                    has_all = False
    return has_all


def last_checkpoint(folder: Path, store: Store, known: int) -> Checkpoint | None:
    """Return the last checkpoint of which the store has all children; None if there is none.

    Args:
        folder: Folder of the checkpoints.
        store: The store of the run.
        known: Number of the run's children in it.

    Raises:
        StoreError: If the store has lost children, and was not recovered since.
    """
    newest = read_checkpoint(folder, tell=True)
    if newest is None or newest.episodes <= known:
        return newest
    told = Told(store.run, newest.episodes, folder)
    _refuse_loss(store, known, told, [told])
    forget_checkpoints_after(folder, known)  # they may be of another course of the search
    found = read_checkpoint(folder)
    line = "%s: the recovered store has %s; playing again from child %d"
    _LOG.warning(line, store.address, _lost(known, told), found.episodes + 1 if found else 1)
    return found


def _refuse_nothing(file: Path, told: list[Told]) -> None:
    """Refuse a file that is missing or has no bytes, before it is made anew."""
    if not told:
        return
    had = f"and had the {told[0].children:,} children that {told[0].by} tells of"
    if not file.exists():
        raise StoreError(f"{file} is missing, {had}; {_restore(told)}")
    if not file.stat().st_size:
        raise StoreError(f"{file} has 0 bytes, {had}; {remedy(str(file))}")


def _refuse_loss(store: Store, known: int, each: Told, told: list[Told]) -> None:
    """Refuse a store that has fewer children than it had, unless it says that it was recovered."""
    if store.recoveries():
        return
    help = _restore(told) if is_server(store.address) else remedy(store.address)
    raise StoreError(f"{store.address} has {_lost(known, each)}; {help}")


def _lost(known: int, told: Told) -> str:
    before = f"{known:,} of the " if known else "none of the "
    return f"{before}{told.children:,} children that {told.by} tells of"


def _restore(told: list[Told]) -> str:
    places = " and ".join(dict.fromkeys(str(each.by) for each in told))
    return f"restore it from a backup or, to play the run again from its start, move {places} away"
