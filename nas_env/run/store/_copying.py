"""Copies evaluations from one store to another, and checks each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from nas_env.errors import StoreError
from nas_env.run.store._base import PAGE, Row, Store


@dataclass
class Copied:
    """The numbers of a copy.

    Attributes:
        added: Evaluations that were written, and then read again as they should be.
        known: Evaluations that were there.
        differ: Evaluations among them that say something else, beside what they took.
        damaged: Rows that were left because their checksum is wrong.
        readings: Lines that were added to the ledger.
    """

    added: int = 0
    known: int = 0
    differ: int = 0
    damaged: int = 0
    readings: int = 0


def copy(source: Store, target: Store, tell: Callable[[Copied], None]) -> Copied:
    """Copy all evaluations, and what they have read of test sets.

    What the target has stays, unless it is a failure of the moment where the source has a fact, or
    its row is damaged. A copy that was stopped goes on when it is made again.

    Args:
        source: Store to copy from; it is only read.
        target: Store to copy to.
        tell: Function that takes the numbers so far, now and then.

    Raises:
        StoreError: If a row is not in the target as it was written there.
    """
    copied, there = Copied(), {line for _, line in target.lines()}
    missing = [line for _, line in source.lines() if line not in there]
    rows = source.rows()
    while page := list(islice(rows, PAGE)):
        wanted = list(_wanted(page, target, copied))
        target.put_rows(wanted, [])
        for row in wanted:
            if target.row(row.key) != row:
                raise StoreError(f"{target.address}: the row of {row.key[:12]} is not as written")
        copied.added += len(wanted)
        tell(copied)
    target.put_rows([], missing)
    copied.readings = len(missing)
    return copied


def _wanted(page: list[Row], target: Store, copied: Copied) -> Iterator[Row]:
    """Yield the rows that the target is to have, and count the others."""
    for row in page:
        if not row.is_whole:
            copied.damaged += 1
            continue
        held = target.row(row.key)
        if held is None or not held.is_whole:
            yield row
            continue
        (_, ours), (_, theirs) = row.read(), held.read()
        if ours.is_fact and not theirs.is_fact:
            yield row
            continue
        copied.known += 1
        copied.differ += ours.public() != theirs.public()
