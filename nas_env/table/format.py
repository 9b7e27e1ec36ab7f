"""Tables of trained architectures: the file format, and looking up many sequences at once.

A table is an ``.npz`` (numpy, no pickles) or a ``.json`` file with these entries; docs/tables.md
shows how to write one:

| entry | what |
|---|---|
| ``header`` | JSON text (in a ``.json`` file an object): ``format`` 1, ``name``, ``space`` |
| ``tokens`` | integers (sequences, decisions): the token sequences that the table answers |
| ``rows`` | optional, integers (sequences,): the row of each sequence; else its own |
| ``validation/<epochs>`` | (rows,) or (rows, seeds): the metric, NaN where training failed |
| ``test/<epochs>``, ``seconds/<epochs>`` | optional, the same: test metric, training seconds |
| ``parameters``, ``flops`` | optional, integers (rows,) |

The header may also have ``version`` (0), ``metric`` (``"accuracy"``), ``maximise`` (true) and
``source``.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nas_env.errors import DataCorrupt, DataNotFound, InvalidValue
from nas_env.table._arrays import read_arrays
from nas_env.table._entries import check_columns, check_tokens, whole_numbers
from search_spaces import SearchSpace, make_space
from search_spaces._json import strict_json
from search_spaces._settings import from_mapping

Split = Literal["validation", "test"]
FORMAT = 1
LARGEST = 2**26  # bytes of a table in JSON
DENSE = 2**22  # sequences of a space up to which their positions are kept in an array


@dataclass(frozen=True)
class Header:
    """The description of a table.

    Attributes:
        name: Name of the benchmark.
        space: Name and settings of the search space.
        format: Version of the file's format.
        version: Version of the benchmark, raised whenever a number in it changes.
        metric: Name of the metric.
        maximise: Whether a higher metric is better.
        source: Origin of the numbers.
    """

    name: str
    space: Any
    format: int = FORMAT
    version: int = 0
    metric: str = "accuracy"
    maximise: bool = True
    source: str = ""


@dataclass(frozen=True, eq=False)
class Table:
    """Metrics of architectures that were really trained.

    Attributes:
        header: Description of the table.
        tokens: Listed sequences: int64 (sequences, decisions).
        row_of: Row of each sequence: int64 (sequences,).
        columns: Numbers by entry: float64 (rows, seeds).
        parameters: Number of trainable parameters: int64 (rows,), or None.
        flops: FLOPs of one forward pass over one example: int64 (rows,), or None.
        path: File from which it was read.
    """

    header: Header
    tokens: np.ndarray
    row_of: np.ndarray
    columns: Mapping[str, np.ndarray]
    parameters: np.ndarray | None = None
    flops: np.ndarray | None = None
    path: Path | None = field(default=None, repr=False)

    # -- what it has -----------------------------------------------------------------------------
    @cached_property
    def space(self) -> SearchSpace:
        """The search space of the architectures."""
        return make_space(self.header.space)

    @cached_property
    def fidelities(self) -> tuple[int, ...]:
        """The epochs after which there is a validation metric, fewest first."""
        return tuple(sorted(int(k.split("/")[1]) for k in self.columns if k.startswith("val")))

    def has(self, entry: str, fidelity: int = 0) -> bool:
        """Tell whether there are numbers of an entry; fidelity 0 is the longest."""
        return self._key(entry, fidelity) in self.columns

    def _key(self, entry: str, fidelity: int) -> str:
        return f"{entry}/{fidelity or self.fidelities[-1]}"

    def column(self, entry: str, fidelity: int = 0) -> np.ndarray:
        """Return the numbers of an entry, float64 (rows, seeds); fidelity 0 is the longest.

        Raises:
            InvalidValue: If the table has none.
        """
        if not self.has(entry, fidelity):
            known = [int(k.split("/")[1]) for k in self.columns if k.startswith(f"{entry}/")]
            raise InvalidValue(
                f"table {self.header.name} has no {entry} at fidelity "
                f"{fidelity or self.fidelities[-1]}, expected one of {sorted(known)}"
            )
        return self.columns[self._key(entry, fidelity)]

    # -- looking up ------------------------------------------------------------------------------
    def positions(self, tokens: np.ndarray) -> np.ndarray:
        """Return the positions of sequences in the table, int64 (n,), -1 for unlisted ones.

        Args:
            tokens: Sequences, int (n, decisions).
        """
        codes = tokens @ self._weights
        if self._dense is not None:
            return self._dense[codes]
        order, sorted_codes = self._sorted
        at = np.minimum(np.searchsorted(sorted_codes, codes), len(order) - 1)
        return np.where(sorted_codes[at] == codes, order[at], -1)

    def rows(self, tokens: np.ndarray) -> np.ndarray:
        """Return the rows of sequences, int64 (n,), -1 for unlisted ones."""
        positions = self.positions(np.asarray(tokens, dtype=np.int64))
        return np.where(positions >= 0, self.row_of[positions], -1)

    def mean(
        self, entry: Split = "validation", rows: np.ndarray | None = None, fidelity: int = 0
    ) -> np.ndarray:
        """Return the mean over the seeds that did not fail, float64 (n,); NaN if all failed."""
        means = self._means(entry, fidelity)
        return means if rows is None else np.where(rows >= 0, means[rows], np.nan)

    def seconds(self, rows: np.ndarray, fidelity: int = 0) -> np.ndarray:
        """Return the mean seconds of training, float64 (n,); NaN where they are unknown."""
        if not self.has("seconds", fidelity):
            return np.full(len(rows), np.nan)
        return np.where(rows >= 0, self._means("seconds", fidelity)[rows], np.nan)

    def optimum(self, entry: Split = "validation", fidelity: int = 0) -> float:
        """Return the best mean of any architecture."""
        means = self._means(entry, fidelity)
        return float(np.nanmax(means) if self.header.maximise else np.nanmin(means))

    @property
    def worst(self) -> float:
        """The worst validation metric of any architecture, at the longest training."""
        means = self._means("validation", 0)
        return float(np.nanmin(means) if self.header.maximise else np.nanmax(means))

    def _means(self, entry: str, fidelity: int) -> np.ndarray:
        key = self._key(entry, fidelity)
        if key not in self._kept:
            values = self.column(entry, fidelity)
            finite = np.isfinite(values)
            with np.errstate(invalid="ignore"):
                self._kept[key] = np.where(finite, values, 0).sum(1) / finite.sum(1)
        return self._kept[key]

    @cached_property
    def _kept(self) -> dict[str, np.ndarray]:
        return {}

    @cached_property
    def _weights(self) -> np.ndarray:
        """The factors that turn each sequence into a different number."""
        counts = [len(decision.options) for decision in self.space.decisions]
        if math.prod(counts) > 2**62:
            raise InvalidValue(f"a table of {math.prod(counts):.0e} sequences is too large")
        return np.array([math.prod(counts[i + 1 :]) for i in range(len(counts))], dtype=np.int64)

    @cached_property
    def _dense(self) -> np.ndarray | None:
        """The position of each possible sequence, if there are few."""
        if self.space.size > DENSE:
            return None
        positions = np.full(self.space.size, -1, dtype=np.int64)
        positions[self.tokens @ self._weights] = np.arange(len(self.tokens))
        return positions

    @cached_property
    def _sorted(self) -> tuple[np.ndarray, np.ndarray]:
        codes = self.tokens @ self._weights
        order = np.argsort(codes)
        return order, codes[order]

    def __reduce__(self) -> Any:
        """Pickle the path of a table that was read, so that it is read again instead of copied."""
        if self.path is not None:
            return read_table, (self.path,)
        sizes = (self.parameters, self.flops)
        return Table, (self.header, self.tokens, self.row_of, dict(self.columns), *sizes)


# -- files ---------------------------------------------------------------------------------------
def shipped(name: str) -> Path:
    """Return the file of a table that comes with the package."""
    return Path(__file__).parent / "shipped" / name


def read_table(path: str | Path) -> Table:
    """Read and check a table; a process reads it only once, unless the file changes.

    Raises:
        DataNotFound: If there is no such file.
        DataCorrupt: If something is wrong with it; the message names it.
    """
    path = Path(path).expanduser().absolute()
    try:
        changed = path.stat().st_mtime_ns
    except (OSError, ValueError):  # a ValueError: a null character in the path
        raise DataNotFound(f"there is no table {path}") from None
    return _read(path, changed)


@functools.lru_cache(maxsize=32)
def _read(path: Path, changed: int) -> Table:
    try:
        return make_table(_entries(path), path)
    except Exception as error:  # of zipfile, zlib, numpy and even Python's tokenizer
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataCorrupt(f"{path} is not a table: {reason}") from None


def _entries(path: Path) -> dict[str, Any]:
    """Return the entries of a file, which anybody may have made."""
    if path.suffix != ".json":
        arrays = read_arrays(path)
        return {**arrays, "header": strict_json(str(arrays["header"]))}
    if (size := path.stat().st_size) > LARGEST:
        raise InvalidValue(f"it has {size:,} bytes, expected at most {LARGEST:,}")
    return strict_json(path.read_bytes(), nan=True)


def make_table(entries: Mapping[str, Any], path: Path | None = None) -> Table:
    """Make a table from the entries of a file.

    Raises:
        InvalidValue: If an entry is wrong; the message names it.
    """
    given = dict(entries)
    if "header" not in given or "tokens" not in given:
        raise InvalidValue("header and tokens are wanted")
    header = from_mapping(Header, given.pop("header"), "header entry")
    if header.format != FORMAT:
        raise InvalidValue(f"format is {header.format}, expected {FORMAT}")
    tokens = whole_numbers("tokens", given.pop("tokens"))
    rows = whole_numbers("rows", given.pop("rows", np.arange(len(tokens))))
    sizes = {name: given.pop(name, None) for name in ("parameters", "flops")}
    columns = {name: np.array(value, dtype=np.float64) for name, value in given.items()}
    columns = {n: v[:, None] if v.ndim == 1 else v for n, v in columns.items()}
    sizes = {n: None if v is None else whole_numbers(n, v) for n, v in sizes.items()}
    check_tokens(tokens, make_space(header.space))
    check_columns(columns, sizes, rows, len(tokens))
    return Table(header, tokens, rows, columns, **sizes, path=path)


def write_table(path: str | Path, entries: Mapping[str, Any]) -> None:
    """Check the entries of a table, and write them as ``.npz`` or ``.json`` by the file's name."""
    path = Path(path)
    make_table(entries)
    if path.suffix == ".json":
        plain = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in entries.items()}
        path.write_text(json.dumps(plain))
        return
    arrays = {name: np.asarray(value) for name, value in entries.items() if name != "header"}
    arrays["header"] = np.array(json.dumps(entries["header"]))
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
