"""Trains a network of a record once more, by the record's recipe, and leaves its folder.

NAS_DATA=... python -m benchmarks.record_network --record benchmarks/results/record_60_0.json

No search is made: the figures of a record have the architecture, the recipe and the epochs.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks._record_figures import LARGEST, read
from benchmarks._record_networks import folder_of
from benchmarks._record_options import Options as RecordOptions
from benchmarks.cifar10_record import ended
from nas_env.command_line.program import command
from nas_env.command_line.retrain import main as retrain
from nas_env.errors import UnknownName
from nas_env.files import read_json, write_json
from nas_env.final.report import RESULT


@dataclass(frozen=True)
class Options:
    """Train a network of a record once more, and leave its folder.

    Attributes:
        record: File of the figures, of ``benchmarks.cifar10_record``.
        network: Name of the network there.
        folder: Folder of its training; the network is in ``<folder>/<network>/final/network``.
    """

    record: Path = Path("benchmarks/results/record_60_0.json")
    network: str = "found"
    folder: Path = Path("runs/record_network")


def measure(options: Options) -> None:
    """Train, and print the accuracy beside that of the record."""
    figures = read(options.record)["figures"]
    if options.network not in figures["networks"]:
        raise UnknownName("network", options.network, figures["networks"])
    known = figures["networks"][options.network]
    record = RecordOptions(**figures["options"], folder=options.folder)
    options.folder.mkdir(parents=True, exist_ok=True)
    folder = folder_of(options.folder, options.network)
    file = folder.with_suffix(".json")
    write_json(file, known["architecture"])
    words = record.final(options.network, str(file), known["plan"]["epochs"])
    ended(options.network, retrain(words), words)
    found = read_json(folder / "final" / RESULT, most=LARGEST)
    print(f"test accuracy {found['mean']:.4f}; in the record {known['mean']:.4f}")


main = command("python -m benchmarks.record_network", Options, measure, resumes=True)

if __name__ == "__main__":
    sys.exit(main())
