"""The minutes that the parts of a program take, by the clock and by its processes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from benchmarks._results import instructions
from nas_env.files import read_json, write_json
from nas_env.machine import processor

EVERY = 2.0  # seconds after which a leg is written again; a kill loses no more than these
LARGEST = 2**24  # bytes of a state that is read again
PROCESSES = Path("/proc")  # of Linux
#: How minutes are counted: of all processes, over the cores; or by the clock.
Count = Literal["cpu", "wall"]


class Minutes:
    """Counts what each part of a program takes over all its legs, and keeps it in a file.

    A leg ends when its part does, or when the program is killed; the same program goes on in
    another leg. The file also keeps what else a program that goes on must know.

    Args:
        file: The file; what it has is continued.
        count: How minutes are counted.
        cores: Number of cores over which the seconds of processes are spread.
        known: What else the file has at the beginning.

    Attributes:
        state: What the file has: ``"legs"``, and what the program keeps there.
    """

    def __init__(self, file: Path, count: Count, cores: int, known: Mapping[str, Any]):
        self.file, self.count, self.cores = file, count, cores
        begun = {"legs": [], **known}
        self.state: dict[str, Any] = read_json(file, most=LARGEST) if file.is_file() else begun
        self._lock = threading.Lock()

    def keep(self) -> None:
        """Write the file."""
        with self._lock:
            write_json(self.file, self.state)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the block as a leg of a part; the file is written every few seconds."""
        leg = {
            "part": name,
            "began": datetime.now().isoformat(timespec="seconds"),
            "processor": processor(),
            "instructions": instructions(),
            "load at the beginning": load(),
        }
        self.state["legs"].append(leg)
        begun, spent, over = time.perf_counter(), cpu_seconds(), threading.Event()

        def note() -> None:
            leg["seconds"] = round(time.perf_counter() - begun, 2)
            leg["cpu seconds"] = max(leg.get("cpu seconds", 0.0), round(cpu_seconds() - spent, 2))
            leg["load at the end"] = load()
            self.keep()

        def watch() -> None:
            while not over.wait(EVERY):
                note()

        note()
        watching = threading.Thread(target=watch, daemon=True)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()
            note()

    def of(self, name: str) -> dict[str, float]:
        """Return the minutes of a part, all its legs together, counted in both ways."""
        legs = [leg for leg in self.state["legs"] if leg["part"] == name]
        wall = sum(leg["seconds"] for leg in legs)
        cpu = sum(leg["cpu seconds"] for leg in legs)
        return {"wall": round(wall / 60, 3), "cpu": round(cpu / self.cores / 60, 3)}

    def counted(self, *names: str) -> float:
        """Return the minutes of some parts, as they are counted here."""
        return sum(self.of(name)[self.count] for name in names)


def load() -> float:
    """Return the load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def cpu_seconds() -> float:
    """Return the seconds of all cores that this process and all below it have spent so far.

    Where the system does not list processes, those that still run below this one are missing.
    """
    if not PROCESSES.is_dir():
        return sum(os.times()[:4])
    parents, spent = {}, {}
    for file in PROCESSES.glob("[0-9]*/stat"):
        with suppress(OSError):  # it is gone
            number, fields = int(file.parent.name), file.read_text().rpartition(")")[2].split()
            parents[number] = int(fields[1])
            spent[number] = sum(map(int, fields[11:15]))  # its own, and those of ended ones below
    found, below = set(), {os.getpid()}
    while below:
        found |= below
        below = {number for number, parent in parents.items() if parent in below} - found
    return sum(spent.get(number, 0) for number in found) / os.sysconf("SC_CLK_TCK")
