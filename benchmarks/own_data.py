"""Measures what it takes to read many images of one's own, to start again, and to search on them.

python -m benchmarks.own_data                     # 200,000 images: about ten minutes on two cores
python -m benchmarks.own_data --images 10000

Draws images of 64x64, half of them JPEG and half PNG, into a temporary folder. Then, on the same
files and with as many processes:

- *plain*: a pool of processes opens each file with Pillow and drops the pixels; before and after
- *first reading*: what a first start does, the cache with its checksums included;
- *second start*: the same in a new process, which finds the cache.

At last two searches with two workers, over all images and over few: the most memory that each of
their processes had, added up, by ``/proc/*/smaps_rollup``. Of a page that several have each has its
part; those of files, the libraries' too, the system takes back when it needs them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks._results import save
from nas_env.benchmark._processes import processes
from nas_env.command_line.program import command
from nas_env.data.images import prepare
from nas_env.data.images.reading import Reading
from nas_env.data.images.splits import divide
from nas_env.errors import NASError
from nas_env.machine import cores

SIDE, CLASSES = 64, 10
AT_ONCE = 500  # files of a job
TICK = 0.2  # seconds between two looks at the memory
ROOT = Path(__file__).parent.parent
STARTED = (
    "import sys, time; began = time.perf_counter()\n"
    "from benchmarks.own_data import start\n"
    "start(sys.argv[1], began)"
)


@dataclass(frozen=True)
class Options:
    """Read images, start again, and search.

    Attributes:
        images: Number of images.
        few: Number of images of the search that is compared with.
        children: Number of children of each search, which see all images once; 0 for no search.
        folder: Folder for the images and the cache, which is made again; images that it has are not
            drawn again. A temporary one by default.
    """

    images: int = 200_000
    few: int = 2_000
    children: int = 2
    folder: Path | None = None


def measure(options: Options) -> None:
    """Measure all, print the figures and write them."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        os.environ["NAS_DATA"] = str(folder / "data")
        shutil.rmtree(folder / "data", ignore_errors=True)
        figures: dict[str, Any] = {"images": options.images, "processes": cores()}
        with processes(cores()) as pool:
            for count in (options.images, options.few):
                draw_all(pool, folder / str(count), count)
            figures |= reading(pool, folder / str(options.images), options.images)
        figures |= second_start(folder / str(options.images))
        if options.children:
            figures |= searches(folder, options)
    for name, value in figures.items():
        print(f"{name:52} {value:,}")
    save("own_data", f"python -m benchmarks.own_data --images {options.images}", figures)


# -- the images ----------------------------------------------------------------------------------
def draw_all(pool: ProcessPoolExecutor, folder: Path, count: int) -> None:
    """Draw images into a folder of folders, unless it is there."""
    if folder.exists():
        return
    for number in range(CLASSES):
        (folder / f"class{number}").mkdir(parents=True)
    list(pool.map(partial(draw, folder), jobs(count)))


def draw(folder: Path, rows: range) -> None:
    """Draw a blot on a slope for each row, whose class decides the colour, with some noise."""
    down, across = np.mgrid[:SIDE, :SIDE] / SIDE
    for row in rows:
        rng = np.random.default_rng(row)
        number, y, x = row % CLASSES, *rng.uniform(0.2, 0.8, 2)
        blot = np.exp(-((down - y) ** 2 + (across - x) ** 2) / rng.uniform(0.01, 0.1))
        colour = np.random.default_rng([CLASSES, number]).uniform(-1, 1, 3)
        slope = rng.uniform(0, 1, 3) * down[..., None] + rng.uniform(0, 1, 3) * across[..., None]
        noise = rng.normal(0, 0.03, (SIDE, SIDE, 3))
        pixels = np.clip(0.5 * slope + blot[..., None] * colour + noise, 0, 1) * 255
        suffix = "jpg" if row // CLASSES % 2 else "png"
        path = folder / f"class{number}" / f"{row:07}.{suffix}"
        Image.fromarray(pixels.astype(np.uint8)).save(path, quality=90)


def jobs(count: int) -> Iterator[range]:
    """Yield the rows of each job."""
    for begin in range(0, count, AT_ONCE):
        yield range(begin, min(begin + AT_ONCE, count))


# -- reading -------------------------------------------------------------------------------------
def reading(pool: ProcessPoolExecutor, folder: Path, count: int) -> dict[str, float]:
    """Return the rates of a plain decode and of a first reading."""
    files = sorted(str(file) for file in folder.rglob("*.*"))
    before = timed(lambda: plainly(pool, files))
    seconds = timed(lambda: prepare(Reading(str(folder), size=SIDE)))
    plain = (before + timed(lambda: plainly(pool, files))) / 2
    return {
        "plain decode: images/s": round(count / plain),
        "first reading: images/s": round(count / seconds),
        "first reading: seconds": round(seconds, 1),
        "first reading: share of the plain rate": round(plain / seconds, 2),
    }


def plainly(pool: ProcessPoolExecutor, files: list[str]) -> None:
    """Decode all files."""
    parts = [[files[row] for row in rows] for rows in jobs(len(files))]
    list(pool.map(decode, parts))


def decode(files: list[str]) -> None:
    """Decode files as anyone would."""
    for file in files:
        with Image.open(file) as image:
            np.asarray(image.convert("RGB"))


def timed(work: Any) -> float:
    """Return the seconds of some work."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def second_start(folder: Path) -> dict[str, float]:
    """Return the seconds of a start that finds the cache, in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", STARTED, folder],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    imported, prepared, divided = map(float, done.stdout.split())
    return {
        "second start, imports: seconds": round(imported, 2),
        "second start, source and cache: seconds": round(prepared, 2),
        "second start, division: seconds": round(divided, 2),
    }


def start(folder: str, began: float) -> None:
    """Print the seconds of importing, of opening the cache, and of dividing the images."""
    moments = [began, time.perf_counter()]
    prepared = prepare(Reading(folder, size=SIDE))
    moments.append(time.perf_counter())
    divide(prepared)
    moments.append(time.perf_counter())
    print(*np.diff(moments))


# -- memory --------------------------------------------------------------------------------------
def searches(folder: Path, options: Options) -> dict[str, Any]:
    """Return the memory of a search over all images, and over a few."""
    counts = {"all": options.images, "few": options.few}
    found = {name: search(folder / str(count), options) for name, count in counts.items()}
    figures: dict[str, Any] = {}
    for kind in next(iter(found.values())):
        for name, peaks in found.items():
            figures[f"search over {counts[name]:,}, {kind}: MB"] = round(peaks[kind] / 1e6)
        figures[f"{kind}, of all to of few"] = round(found["all"][kind] / found["few"][kind], 3)
    return figures


def search(images: Path, options: Options) -> Mapping[str, int]:
    """Run a search and return the bytes of its processes: the most of each, added up."""
    data = f"--env NAS-Images-v0 --task.path {images} --task.size {SIDE} --recipe.epochs 1"
    search = f"--agent random_search --workers 2 --children {options.children}"
    words = f"{data} {search} --quiet --run {images}-run-{time.time_ns()}"
    program = [sys.executable, "train_agent.py", *words.split()]
    peaks: dict[str, Counter[int]] = {"anonymous": Counter(), "mapped": Counter()}
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            for process in family(running.pid):
                for kind, size in held(process).items():
                    peaks[kind][process] = max(peaks[kind][process], size)
            time.sleep(TICK)
    if running.returncode:
        raise NASError(f"the search over {images} ended with status {running.returncode}")
    return {kind: sum(sizes.values()) for kind, sizes in peaks.items()}


def held(process: int) -> dict[str, int]:
    """Return the bytes that a process holds: its own, and its part of the files it has mapped."""
    with suppress(OSError, ValueError):  # it may end meanwhile
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
        sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
        return {"anonymous": sizes["Pss_Anon"], "mapped": sizes["Pss_File"] + sizes["Pss_Shmem"]}
    return {}


def family(process: int) -> set[int]:
    """Return a process and all that it started, and they in turn."""
    parents = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(file.parent.name)] = int(file.read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    new = {process}
    while new:
        found |= new
        new = {child for child, parent in parents.items() if parent in new}
    return found


main = command("python -m benchmarks.own_data", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
