"""Every architecture of a small convolutional space, really trained on the digits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nas_env.table.format import Table, read_table, shipped
from nas_env.tasks._functions import TableTask

FILE = shipped("nas_bench_digits.npz")


@dataclass(frozen=True)
class NASBenchDigits(TableTask):
    """The embedded table: 3 layers with skip connections, filters of 1, 3 or 5 by 1, 3 or 5.

    All 5,832 sequences of 9 decisions; they describe 3,162 different networks, each trained three
    times for 4 epochs on 1,000 digits (docs/nas_bench_digits.md says how it was made).
    """

    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {"NAS-Bench-Digits-v0": {}}

    def _read(self) -> Table:
        return read_table(FILE)
