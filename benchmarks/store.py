"""Measures a store under many writers: what is lost, what is made twice, what a call takes.

python -m benchmarks.store                                       # a file; two minutes
python -m benchmarks.store --store postgresql://ann@db/search    # a server; its store is filled

Each writer is a process of its own. Two at a time want the same evaluations, each in another order,
and train nothing: an evaluation is claimed and stored at once.
"""

from __future__ import annotations

import contextlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks._results import save
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue
from nas_env.records import Evaluation, Request
from nas_env.run.store import absolute, is_server, open_store

CALLS = 200  # of which the median is taken
ANSWER = Evaluation("ok", {"accuracy": 0.8}, {"loss": [1 / n for n in range(1, 51)]}, 10, 20)


@dataclass(frozen=True)
class Options:
    """Let many processes write to a store at once, and count what is there.

    Attributes:
        store: Address of a database without evaluations, or a new file; by default a file that is
            removed at the end.
        writers: Number of processes; an even one.
        each: Number of evaluations for each of them.
    """

    store: str | None = None
    writers: int = 16
    each: int = 300

    def __post_init__(self) -> None:
        if self.writers < 2 or self.writers % 2:
            raise InvalidValue(f"--writers is {self.writers}, expected an even number")


@dataclass(frozen=True)
class Writer:
    """A writer: its number, its evaluations, and the store."""

    number: int
    each: int
    where: str


def measure(options: Options) -> None:
    """Measure the store, print the figures and write them."""
    with tempfile.TemporaryDirectory() as folder:
        where = absolute(options.store or Path(folder) / "store.sqlite")
        found = figures(where, options)
    print(found)
    line = f"python -m benchmarks.store --writers {options.writers} --each {options.each}"
    name, address = ("server", " --store postgresql://…") if is_server(where) else ("file", "")
    save(f"store_{name}", line + address, found)


def figures(where: str, options: Options) -> dict[str, Any]:
    """Return what is measured of one store."""
    with contextlib.closing(open_store(where)) as store:
        if store.evaluations():
            raise InvalidValue(f"{where} has evaluations, expected an empty store")
    begun = time.perf_counter()
    jobs = [Writer(number, options.each, where) for number in range(options.writers)]
    with get_context("fork").Pool(options.writers) as pool:
        made = [number for numbers in pool.map(write, jobs, chunksize=1) for number in numbers]
    seconds = time.perf_counter() - begun
    expected = {request(number).key for number in range(options.writers * options.each)}
    with contextlib.closing(open_store(where)) as store:
        kept = {asked.key for asked, answer in store.evaluations() if answer == ANSWER}
    return {
        "writers": options.writers,
        "evaluations": len(expected),
        "lost": len(expected - kept),
        "double": len(made) - len(set(made)),
        "evaluations_a_second": round(len(made) / seconds),
        **calls(where),
    }


def write(writer: Writer) -> list[int]:
    """Claim and store what nobody else has of what two writers want; return its numbers."""
    first = 2 * writer.each * (writer.number // 2)
    numbers = list(range(first, first + 2 * writer.each))
    random.Random(writer.number).shuffle(numbers)
    with contextlib.closing(open_store(writer.where)) as store:
        made = []
        for number in numbers:
            asked = request(number)
            if store.claim(asked.key) == "mine":
                store.put(asked, ANSWER)
                made.append(number)
        return made


def calls(where: str) -> dict[str, float]:
    """Return the median milliseconds of each call by one process alone."""
    asked = [request(-number) for number in range(1, CALLS + 1)]
    with contextlib.closing(open_store(where)) as store:
        return {
            "claim_ms": median([lambda a=a: store.claim(a.key) for a in asked]),
            "put_ms": median([lambda a=a: store.put(a, ANSWER) for a in asked]),
            "get_ms": median([lambda a=a: store.get(a.key) for a in asked]),
        }


def median(works: list[Callable[[], object]]) -> float:
    """Return the median milliseconds of calls."""
    taken = []
    for work in works:
        begun = time.perf_counter()
        work()
        taken.append(1_000 * (time.perf_counter() - begun))
    return round(statistics.median(taken), 2)


def request(number: int) -> Request:
    """Return the request of a network that is never built."""
    return Request({"name": "none"}, {"name": "none"}, {"number": number}, {}, 0, "cpu")


main = command("python -m benchmarks.store", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
