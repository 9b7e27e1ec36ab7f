"""Fuzz formats for some minutes; see the package."""

import argparse
import importlib
import resource
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

FORMATS = ("architectures", "arrays", "checkpoints", "configurations", "tables_json", "tables_npz")
MEMORY = 2**31  # bytes more than a process has at first; what wants them fails


def examples(name: str, count: int, number: int, folder: Path, *, same: bool = False) -> None:
    """Check so many cases of a format; raise what one of them raises, made as small as possible.

    Args:
        name: Name of the format.
        count: Number of cases.
        number: Seed of the cases.
        folder: Folder for the files.
        same: Whether the cases are the same ones in each version of Hypothesis' database.
    """
    target = importlib.import_module(f"tests.fuzz.{name}")

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=same,
        suppress_health_check=list(HealthCheck),
    )
    @given(target.CASES)
    def check(case):
        target.check(case, folder)

    (check if same else seed(number)(check))()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", default=FORMATS, metavar=f"{{{','.join(FORMATS)}}}")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 2**32)
    options = parser.parse_args()
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + MEMORY, resource.RLIM_INFINITY))
    end, number, count = time.monotonic() + 60 * options.minutes, options.seed, 0
    while time.monotonic() < end:
        for name in options.formats:
            print(f"{name}: seed {number}, {count:,} cases so far", flush=True)
            with tempfile.TemporaryDirectory() as folder:
                examples(name, 1_000, number, Path(folder))
            count += 1_000
        number += 1
    print(f"{count:,} cases and no fault")


if __name__ == "__main__":
    main()
