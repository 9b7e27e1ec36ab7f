"""Kill a search again and again, and compare it with one that nobody killed.

python -m benchmarks.soak                      # 2,000 children of a table, 200 trained
python -m benchmarks.soak --children 40 --trained 6 --every 4 --every-table 3    # a look at it

Every so many seconds ``kill -9`` meets the search or one of its workers, by a drawn number, and
the search is resumed. In the end it must have played what the other one played; on the way no
evaluation that was stored may be lost.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks._results import save
from nas_env.command_line.program import command
from nas_env.errors import NASError
from nas_env.run.store import open_store

ROOT = Path(__file__).parents[1]
SMALL = ("--task.train-size", "256", "--space.layers", "3", "--recipe.epochs", "2")
TIMES = ("seconds", "seconds_a_child", "estimated_seconds_a_child", "children_per_hour",
         "seconds_of_children", "utilisation", "host")  # fmt: skip


@dataclass(frozen=True)
class Options:
    """Kill searches.

    Attributes:
        children: Children of the search of the table.
        trained: Children of the search that trains them.
        workers: Children at once where they are trained.
        every: Seconds between two kills of the search that trains, on average.
        every_table: Seconds between two kills of the search of the table, which is over sooner.
        seed: Seed of the moments, and of who is killed.
        out: Folder of the results; the repository's own by default.
    """

    children: int = 2_000
    trained: int = 200
    workers: int = 2
    every: float = 20.0
    every_table: float = 6.0
    seed: int = 0
    out: Path | None = None


@dataclass
class Soak:
    """The figures of one search that was killed.

    Attributes:
        kills: Number of kills by who was met.
        starts: Number of times that the search was begun or resumed.
        seconds: Seconds until it was finished.
        lost: Stored evaluations that were not there, or were others, when looked at again.
        orphans: Workers that lived for two seconds after their search was killed.
    """

    kills: dict[str, int] = field(default_factory=lambda: {"search": 0, "worker": 0})
    starts: int = 0
    seconds: float = 0.0
    lost: int = 0
    orphans: int = 0


def measure(options: Options) -> int:
    """Kill both searches, print and keep the figures; return 1 where a promise was broken."""
    table = ("--env", "NAS-Bench-Digits-v0", "--children", str(options.children))
    trained = ("--children", str(options.trained), "--workers", str(options.workers), *SMALL)
    figures = {
        "table": soaked(table, options.every_table, options.seed),
        "trained": soaked(trained, options.every, options.seed + 1),
    }
    print(json.dumps(figures, indent=2))
    line = f"python -m benchmarks.soak --children {options.children} --trained {options.trained}"
    line += f" --every {options.every:g} --every-table {options.every_table:g}"
    save("soak", f"{line} --seed {options.seed}", figures, options.out)
    return 0 if all(each["kept"] for each in figures.values()) else 1


def soaked(arguments: Sequence[str], every: float, seed: int) -> dict[str, Any]:
    """Play a search twice, once with kills; return what differs, and what it went through."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        whole, killed = Path(folder, "whole"), Path(folder, "killed")
        began = time.monotonic()
        ended(start(whole, arguments))
        alone = time.monotonic() - began
        found = Soak()
        began = time.monotonic()
        draw = random.Random(seed)
        while not go_on(killed, arguments, every, draw, found):
            pass
        found.seconds = round(time.monotonic() - began, 1)
        same = result(whole) == result(killed)
        kept = same and not found.lost and not found.orphans
        return {"kept": kept, "same result": same, "seconds without kills": round(alone, 1),
                **vars(found)}  # fmt: skip


def go_on(
    folder: Path, arguments: Sequence[str], every: float, draw: random.Random, found: Soak
) -> bool:
    """Begin or resume the search, and kill until it is met itself; return whether it has ended."""
    before = stored(folder)
    search = start(folder, arguments)
    found.starts += 1
    while True:
        try:
            search.wait(draw.uniform(0.5, 1.5) * every)
        except subprocess.TimeoutExpired:
            workers = descendants(search.pid)
            met = draw.choice([search.pid, *workers[1:]])  # the first is their server
            found.kills["search" if met == search.pid else "worker"] += 1
            with suppress(ProcessLookupError):
                os.kill(met, signal.SIGKILL)
            if met != search.pid:
                continue
            search.wait()
            time.sleep(2.0)
            found.orphans += sum(alive(each) for each in workers)
        else:
            ended(search)
        after = stored(folder)
        found.lost += sum(after.get(key) != each for key, each in before.items())
        return search.returncode == 0


def start(folder: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Begin a search, or resume it."""
    line = [sys.executable, "-m", "train_agent", *arguments, "--run", str(folder)]
    line += ["--resume", "auto", "--quiet"]
    return subprocess.Popen(line, cwd=ROOT, stdin=subprocess.DEVNULL)


def ended(search: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a search, which must be a good one.

    Raises:
        NASError: If it is not.
    """
    if search.wait() != 0:
        raise NASError(f"a search ended with status {search.returncode}")


def stored(folder: Path) -> dict[str, str]:
    """Return the evaluations of a run by their keys, those that answer for ever."""
    if not (folder / "results.sqlite").exists():
        return {}
    store = open_store(folder / "results.sqlite")
    try:
        return {r.key: each.to_json() for r, each in store.evaluations() if each.is_fact}
    finally:
        store.close()


def result(folder: Path) -> tuple[dict[str, Any], list[tuple[str, float]]]:
    """Return the summary of a run without its times, and all its episodes."""
    summary = json.loads((folder / "summary.json").read_text())
    store = open_store(folder / "results.sqlite")
    try:
        episodes = [(str(each["tokens"]), each["reward"]) for each in store.all_episodes()]
    finally:
        store.close()
    return {name: value for name, value in summary.items() if name not in TIMES}, episodes


def descendants(process: int) -> list[int]:
    """Return the processes that one has started, and those that they have, the nearest first."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            text = (folder / "stat").read_text().rpartition(")")[2]
            parents[int(folder.name)] = int(text.split()[1])
    found, nearest = [], [process]
    while nearest:
        nearest = [each for each, parent in parents.items() if parent in nearest]
        found += nearest
    return found


def alive(process: int) -> bool:
    """Return whether a process runs; one that nobody has waited for yet does not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


main = command("python -m benchmarks.soak", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
