"""Builds the embedded table: every architecture of a small space, trained on the digits.

python -m benchmarks.digits_table      (about an hour on two cores; may be stopped at any time)

Each architecture is trained with three seeds by the project's own engine, exactly as
``NAS-Digits-v0`` would with the space and the recipe below. Each result is appended to a working
file, so that the next start continues; when nothing is missing, the table is written.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nas_env.command_line.program import command
from nas_env.evaluation import train_child
from nas_env.problem import Problem
from nas_env.table.format import write_table
from nas_env.tasks.digits import Digits
from nas_env.tasks.nas_bench_digits import FILE
from nas_env.training.augmentation import ImageData
from nas_env.training.images import validate

SEEDS = 3
EPOCHS = 4
SPACE = {"name": "convolutional", "layers": 3, "filter_sizes": [1, 3, 5], "filters": [12]}
#: Float32, so that other machines get the same numbers up to the order of sums.
RECIPE = {"epochs": EPOCHS, "batch_size": 32, "precision": "float32"}
HEADER = {
    "format": 1,
    "name": "NAS-Bench-Digits",
    "version": 0,
    "space": SPACE,
    "metric": "accuracy",
    "source": "python -m benchmarks.digits_table",
}
CHUNK = 8  # children that a worker trains before it reports to the parent


@dataclass(frozen=True)
class Options:
    """Train every architecture of the digits' table, and write the table.

    Attributes:
        workers: Number of processes; each trains one child at a time, on one thread.
        working: File that keeps each result until the table is written.
        out: File of the table.
    """

    workers: int = os.cpu_count() or 1
    working: Path = Path("runs/digits_table.jsonl")
    out: Path = FILE


def measure(options: Options) -> None:
    """Train what is missing, then write the table."""
    sequences = all_sequences()
    canonical, row_of = distinct(sequences)
    options.working.parent.mkdir(parents=True, exist_ok=True)
    done = {(row["row"], row["seed"]) for row in read(options.working)}
    jobs = [j for j in product(range(len(canonical)), range(SEEDS)) if j not in done]
    print(f"{len(sequences)} sequences, {len(canonical)} networks, {len(jobs)} trainings to go")
    chunks = [
        [(*job, canonical[job[0]]) for job in jobs[i : i + CHUNK]]
        for i in range(0, len(jobs), CHUNK)
    ]
    context = get_context("spawn")
    with (
        ProcessPoolExecutor(options.workers, context) as pool,
        open(options.working, "a") as file,
    ):
        for number, rows in enumerate(pool.map(train_chunk, chunks), start=1):
            file.writelines(json.dumps(row) + "\n" for row in rows)
            file.flush()
            if number % 50 == 0:
                print(f"{number * CHUNK} of {len(jobs)}", flush=True)
    export(read(options.working), sequences, row_of, options.out)
    print(options.out)


def problem(seed: int) -> Problem:
    """Return the problem whose children are trained with a seed."""
    name, space = SPACE["name"], {k: v for k, v in SPACE.items() if k != "name"}
    return Problem("digits", str(name), recipe=RECIPE, device="cpu", evaluation_seed=seed, **space)


def all_sequences() -> np.ndarray:
    """Return every sequence of tokens of the space: int64 (sequences, decisions)."""
    options = [range(len(decision.options)) for decision in problem(0).space.decisions]
    return np.array(list(product(*options)))


def distinct(sequences: np.ndarray) -> tuple[list[list[int]], np.ndarray]:
    """Return a sequence for each different network, and the network's index by sequence."""
    space = problem(0).space
    known: dict[Any, int] = {}
    first: list[list[int]] = []
    row_of = np.zeros(len(sequences), dtype=np.int64)
    for index, tokens in enumerate(sequences.tolist()):
        row = known.setdefault(space.decode(tokens).canonical(), len(first))
        if row == len(first):
            first.append(tokens)
        row_of[index] = row
    return first, row_of


def train_chunk(jobs: list[tuple[int, int, list[int]]]) -> list[dict[str, Any]]:
    """Train some children, and return a working line for each."""
    torch.set_num_threads(1)
    return [{"row": row, "seed": seed, **train(tokens, seed)} for row, seed, tokens in jobs]


def train(tokens: list[int], seed: int) -> dict[str, Any]:
    """Train one child, and test it once at the end."""
    searched = problem(seed)
    request = searched.request(searched.space.decode(tokens))
    begun = time.process_time()  # CPU time, on which other work has little influence
    child, result = train_child(request, searched.device)
    seconds = time.process_time() - begun
    task = searched.task
    assert isinstance(task, Digits)
    images, labels = (torch.from_numpy(part) for part in task.test_data())
    search = task.search_data()
    views = ImageData(search.train_images, search.train_labels, images, labels).views(
        searched.recipe
    )
    return {
        "validation": result.curves["validation_accuracy"],
        "test": validate(child, views, searched.recipe).accuracy,
        "seconds": seconds,
        "parameters": sum(p.numel() for p in child.parameters()),
    }


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of the working file, except one that a kill cut off."""
    if path.exists():
        for line in path.read_text().splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue


def export(
    trained: Iterator[dict[str, Any]], sequences: np.ndarray, row_of: np.ndarray, out: Path
) -> None:
    """Write the table, in which equal networks share a row."""
    rows = int(row_of.max()) + 1
    parameters = np.zeros(rows, dtype=np.int32)
    validation = np.full((EPOCHS, rows, SEEDS), np.nan, dtype=np.float32)
    test, seconds = (np.full((rows, SEEDS), np.nan, dtype=np.float32) for _ in range(2))
    for each in trained:
        row, seed = each["row"], each["seed"]
        parameters[row] = each["parameters"]
        validation[:, row, seed] = each["validation"]
        test[row, seed], seconds[row, seed] = each["test"], each.get("seconds", np.nan)
    spent = {f"seconds/{e}": (seconds * e / EPOCHS).astype(np.float16) for e in epochs()}
    entries = {
        "header": HEADER,
        "tokens": sequences.astype(np.uint8),
        "rows": row_of.astype(np.uint16),
        "parameters": parameters,
        **{f"validation/{epoch}": validation[epoch - 1] for epoch in epochs()},
        f"test/{EPOCHS}": test,
        **spent,
    }
    write_table(out, entries)


def epochs() -> range:
    """Return the epochs after which there is a validation accuracy."""
    return range(1, EPOCHS + 1)


main = command("python -m benchmarks.digits_table", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
