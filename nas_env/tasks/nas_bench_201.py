"""NAS-Bench-201 (Dong & Yang 2020, 2001.00326): 15,625 cells trained on three image data sets."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from nas_env.data.folder import data_folder
from nas_env.errors import DataCorrupt, DataNotFound
from nas_env.table._arrays import read_arrays
from nas_env.table.format import Table, make_table
from nas_env.tasks._functions import TableTask
from search_spaces.nas_bench_201 import NASBench201Space

FILE = "nas-bench-201.npz"
FIDELITIES = (12, 200)  # epochs that the cells were trained for


class DataSet(NamedTuple):
    """A data set that the cells were trained on.

    Attributes:
        prefix: Prefix of the data set's entries in the file.
        side: Height and width of the images, in pixels.
        classes: Number of classes.
    """

    prefix: str
    side: int
    classes: int


DATA_SETS = {
    "cifar10": DataSet("c10", 32, 10),
    "cifar100": DataSet("c100", 32, 100),
    "imagenet16": DataSet("in16", 16, 120),
}


@dataclass(frozen=True)
class NASBench201(TableTask):
    """The published accuracies; the file is not part of this package.

    It lies in the data folder (``NAS_DATA``) as ``nas-bench-201.npz``: ``ops`` (15625, 6) with
    the operations of the edges 0>1, 0>2, 1>2, 0>3, 1>3, 2>3 as the numbers of
    :class:`~search_spaces.nas_bench_201.NASBench201Space`'s options, and ``c10_val200``,
    ``c10_test200``, ``c10_val12``, … with accuracies in percent, the mean over the seeds
    (``c100`` and ``in16`` for the other two data sets); docs/tables.md says how to make it from
    the authors' file.

    Attributes:
        dataset: Images that the cells were trained on; ``imagenet16`` is ImageNet16-120.
    """

    dataset: Literal["cifar10", "cifar100", "imagenet16"] = "cifar10"

    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        f"NAS-Bench-201-{id}-v0": {"task": {"name": "nas_bench_201", "dataset": dataset}}
        for id, dataset in (
            ("CIFAR10", "cifar10"),
            ("CIFAR100", "cifar100"),
            ("ImageNet16", "imagenet16"),
        )
    }

    @property
    def space(self) -> Mapping[str, Any]:
        """The search space of the cells."""
        return {"name": "nas_bench_201"}

    def _read(self) -> Table:
        path = data_folder() / FILE
        if not path.is_file():
            raise DataNotFound(
                f"NAS-Bench-201 not found: looked for {path}; put {FILE} there or name its folder "
                "in NAS_DATA (docs/tables.md says how to make it)"
            )
        return _read(path, path.stat().st_mtime_ns, self.dataset)


@functools.lru_cache(maxsize=8)
def _read(path: Path, changed: int, dataset: str) -> Table:
    prefix, side, classes = DATA_SETS[dataset]
    entries: dict[str, Any] = {
        "header": {
            "name": f"NAS-Bench-201-{dataset}",
            "space": {"name": "nas_bench_201"},
            "source": "Dong & Yang 2020, arXiv 2001.00326",
        }
    }
    try:
        file = read_arrays(path)
        entries["tokens"] = file["ops"]
        for split, short in (("validation", "val"), ("test", "test")):
            for epochs in FIDELITIES:
                column = file[f"{prefix}_{short}{epochs}"].astype(np.float64)
                entries[f"{split}/{epochs}"] = column / 100
        table = make_table(entries)
    except Exception as error:  # of zipfile, zlib, numpy and even Python's tokenizer
        raise DataCorrupt(f"{path} is not the table of NAS-Bench-201: {error}") from None
    space, images = NASBench201Space(), (3, side, side)
    parameters, flops = space.published_costs(table.tokens, images, classes)
    return replace(table, parameters=parameters, flops=flops)
