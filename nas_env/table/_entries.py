"""Checks the entries of a table: what fits together, and what its search space knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nas_env.errors import InvalidValue
from search_spaces import SearchSpace

METRICS = ("validation", "test", "seconds")


def whole_numbers(name: str, values: Any) -> np.ndarray:
    """Return the values of an entry as int64.

    Raises:
        InvalidValue: If they are no whole numbers, or too large for that.
    """
    found = np.asarray(values)
    if found.dtype.kind not in "iu" or (found.size and found.max() > np.iinfo(np.int64).max):
        raise InvalidValue(f"{name} are {found.dtype}, expected whole numbers of 64 bits")
    return found.astype(np.int64)


def check_tokens(tokens: np.ndarray, space: SearchSpace) -> None:
    """Check that each row is a sequence of tokens of the space, and that no two are equal.

    Raises:
        InvalidValue: If it is not so.
    """
    decisions = len(space.decisions)
    if tokens.ndim != 2 or tokens.shape[1] != decisions or not len(tokens):
        raise InvalidValue(f"tokens are {tokens.shape}, expected (sequences, {decisions})")
    counts = np.array([len(decision.options) for decision in space.decisions])
    if (tokens < 0).any() or (tokens >= counts).any():
        raise InvalidValue("tokens has a token that is no option of its decision")
    if len(np.unique(tokens, axis=0)) < len(tokens):
        raise InvalidValue("tokens lists a sequence twice")


def check_columns(
    columns: Mapping[str, np.ndarray],
    sizes: Mapping[str, np.ndarray | None],
    rows: np.ndarray,
    sequences: int,
) -> None:
    """Check the names of the columns, and that everything has as many rows.

    Args:
        columns: Metrics by entry, each (rows, seeds).
        sizes: Parameters and FLOPs, each (rows,), or None.
        rows: The row of each sequence.
        sequences: Number of sequences.

    Raises:
        InvalidValue: If it is not so; the message names the entry.
    """
    for name, values in columns.items():
        entry, _, epochs = name.partition("/")
        if entry not in METRICS or not epochs.isdigit():
            raise InvalidValue(f"unknown entry {name!r}, expected validation/200 or the like")
        if values.ndim != 2:
            raise InvalidValue(f"{name} is {values.shape}, expected (rows,) or (rows, seeds)")
    validation = [len(values) for name, values in columns.items() if name.startswith("validation")]
    if not validation:
        raise InvalidValue("there is no entry validation/<epochs>")
    count = validation[-1]
    for name, values in {**columns, **sizes}.items():
        if values is not None and (values.ndim == 0 or len(values) != count):
            found = len(values) if values.ndim else "no"
            raise InvalidValue(f"{name} has {found} rows, others {count}")
    if rows.shape != (sequences,) or rows.min() < 0 or rows.max() >= count:
        raise InvalidValue(f"rows are not {sequences} numbers below {count}")
