"""Measures how Optuna's storages bear faults that a store of evaluations is tested for here.

pip install optuna; python -m benchmarks.optuna_faults    # about ten minutes

Each storage is filled alike, and meets rows 3, 4, 5 and 10 of the fault matrix
(docs/reliability.md): files that are cut off, bits that flip, writers at once, a lock of a dead
process, and a search that is killed again and again. Optuna is needed for this alone.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._optuna_storages import Record, Storage, storages
from benchmarks._results import save
from nas_env.command_line.program import command

FILLED = 30  # points of a file that is damaged
SEED = 0


@dataclass(frozen=True)
class Options:
    """Let storages of Optuna, and this project's, meet the same faults.

    Attributes:
        cuts: Number of places where a file is cut off, and of bits that flip.
        each: Number of inserts of each of four writers.
        kills: Number of kills of a search.
    """

    cuts: int = 60
    each: int = 300
    kills: int = 10


def measure(options: Options) -> None:
    """Measure all storages, print the figures and write them."""
    logging.disable(logging.WARNING)
    found: dict[str, Any] = {}
    for storage in storages():
        with tempfile.TemporaryDirectory() as folder:
            found[storage.name] = {
                **damages(storage, Path(folder), options.cuts),
                **writers(storage, Path(folder), options.each),
                "seconds_until_a_dead_lock_is_free": dead_lock(storage, Path(folder)),
                "killed_search": killed(storage, Path(folder), options.kills),
            }
        print(storage.name, found[storage.name])
    save("optuna_faults", f"python -m benchmarks.optuna_faults --cuts {options.cuts}", found)


def damages(storage: Storage, folder: Path, count: int) -> dict[str, dict[str, Any]]:
    """Return what becomes of a file that is cut off, and of one with a bit that has flipped."""
    file, drawn = folder / "whole", random.Random(SEED)
    points = [(number / FILLED, number * 0.5) for number in range(FILLED)]
    storage.add(file, points[:-1])
    before = file.stat().st_size
    storage.add(file, points[-1:])
    content = file.read_bytes()
    last = [drawn.randrange(min(before, len(content) - 1), len(content)) for _ in range(count // 2)]
    cut = [content[:each] for each in (0, *last, *drawn.sample(range(1, len(content)), count // 2))]
    flipped = list(_flips(content, count, drawn))
    torn = {"cut": cut, "flipped": flipped}
    found = {}
    for name, contents in torn.items():
        seen = [outcome(storage, folder / "torn", each, points) for each in contents]
        usable = [kept for _, kept in seen if kept is not None]
        share = round(sum(usable) / (FILLED * len(seen)), 3)
        found[name] = {**Counter(what for what, _ in seen), "share_of_points_kept": share}
    return found


def _flips(content: bytes, count: int, drawn: random.Random) -> Iterator[bytes]:
    for _ in range(count):
        place = drawn.randrange(8 * len(content))
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        yield bytes(changed)


def outcome(
    storage: Storage, file: Path, content: bytes, points: Sequence[Record]
) -> tuple[str, int | None]:
    """Return what becomes of a damaged file when a program goes on with it, and of its points."""
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()
    file.write_bytes(content)
    expected, refused = sorted(points), False
    try:
        found = storage.read(file)
    except Exception:
        refused = True
        try:
            storage.repair(file)
            found = storage.read(file)
        except Exception:
            return "refused, and no way forward", None
    try:
        storage.add(file, [(9.0, 9.0)])
        after = storage.read(file)
    except Exception:
        return "unreadable after the next write", None
    if not set(found) <= set(expected) or (9.0, 9.0) not in after:
        return "other values in silence", None
    if refused:
        return "refused, then recovered", len(found)
    return ("whole" if found == expected else "fewer in silence"), len(found)


def writers(storage: Storage, folder: Path, each: int) -> dict[str, Any]:
    """Return what becomes of four writers at once."""
    file, begun = folder / "shared", time.perf_counter()
    storage.add(file, [(-1.0, 0.0)])
    jobs = [
        _forked(lambda n=n: storage.add(file, [(float(n * each + k), 1.0) for k in range(each)]))
        for n in range(4)
    ]
    failed = sum(os.waitpid(job, 0)[1] != 0 for job in jobs)
    kept = len(set(storage.read(file))) - 1
    seconds = time.perf_counter() - begun
    told = {"failed": failed, "kept": kept, "of": 4 * each, "seconds": round(seconds, 1)}
    return {"four_writers": told}


def dead_lock(storage: Storage, folder: Path) -> float:
    """Return the seconds that a writer waits for one that was killed while it had the lock."""
    file = folder / "locked"
    storage.add(file, [(0.0, 0.0)])

    def hold() -> None:
        storage.hold_lock(file)
        os.kill(os.getpid(), signal.SIGKILL)

    os.waitpid(_forked(hold), 0)
    begun = time.perf_counter()
    storage.add(file, [(1.0, 1.0)])
    return round(time.perf_counter() - begun, 2)


def killed(storage: Storage, folder: Path, kills: int) -> dict[str, int]:
    """Return how a search that is killed again and again differs from one that never was."""
    whole, torn, drawn = folder / "unkilled", folder / "killed", random.Random(SEED)
    os.waitpid(_forked(lambda: storage.search(whole)), 0)
    for _ in range(kills):
        job = _forked(lambda: storage.search(torn))
        time.sleep(drawn.uniform(0.8, 2.0))
        os.kill(job, signal.SIGKILL)
        os.waitpid(job, 0)
    os.waitpid(_forked(lambda: storage.search(torn)), 0)
    one, other = storage.played(whole), storage.played(torn)
    same = sum(a == b for a, b in itertools.zip_longest(one, other))
    return {"points": len(other), "of": len(one), "same": same}


def _forked(work: Callable[[], None]) -> int:
    """Do work in a fork, whose number is returned."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - it ends with the process
            work()
            status = 0
        finally:
            os._exit(status)
    return process


main = command("python -m benchmarks.optuna_faults", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
