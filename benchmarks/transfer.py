"""Take found networks to other tasks, beside networks that no search found (docs/final.md).

NAS_DATA=... python -m benchmarks.transfer                  # about 10 minutes on a core
NAS_DATA=... python -m benchmarks.transfer --parts text

Every step is a command, ``nas-train`` or ``nas-retrain``, whose folder is kept: a second call goes
on where the first one ended. Images: the network found on digits is taken to CIFAR-10 and the one
found on CIFAR-10 to digits, from scratch and fine-tuned from its weights. Text: a cell found in
Python's manual is taken to the characters of Penn Treebank. All at a size for a laptop.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import sub
from pathlib import Path
from typing import Any

from benchmarks._results import mean_interval, save
from nas_env.command_line.program import command
from nas_env.command_line.retrain import main as retrain
from nas_env.command_line.train import main as train
from nas_env.errors import InvalidValue
from nas_env.files import read_json

METRICS = ("test_accuracy", "test_perplexity", "test_bits_per_character")
FOLDER, FOUND = Path("runs/transfer"), "benchmarks/results"
#: CIFAR-10 at a size for a laptop: the final training has 3,000 images, reduced to 8x8.
LAPTOP = "--env NAS-CIFAR10-v0 --recipe laptop --recipe.epochs 8 --task.validation-size 500"
CIFAR10 = f"{LAPTOP} --task.train-size 2500"
DIGITS = "--env NAS-Digits-v0 --recipe short --recipe.epochs 10"
CHARACTERS = (
    "--env NAS-PTBChar-v0 --space.parameters 200000 --recipe short --recipe.epochs 3 "
    "--recipe.decay-from 2"
)
BESIDE = "--fine-tune --beside scratch random:2"


@dataclass(frozen=True)
class Step:
    """A command.

    Attributes:
        run: Name of the folder in which its run is kept.
        words: Words of the command; ``{folder}`` is the folder of all runs.
        part: Part of the measurement that it belongs to.
        shown: What its table is called; empty for a step on the way.
    """

    run: str
    words: str
    part: str
    shown: str = ""


SEARCHES = (Step("manual", "--env NAS-PyDocs-v0 --children 20", "text"),)
TRAININGS = (
    Step("digits", f"--architecture {FOUND}/digits/found.json {DIGITS} --seeds 1", "images"),
    Step(
        "cifar10",
        f"--architecture {FOUND}/cifar10/found.json {LAPTOP} --task.train-size 4500 --seeds 1",
        "images",
    ),
    Step(
        "cifar10-to-few-digits",
        f"--architecture {{folder}}/cifar10 --env NAS-Digits-v0 --recipe short {BESIDE} "
        "--task.train-size 50 --task.validation-size 50 --recipe.epochs 15 --recipe.batch-size 8 "
        "--seeds 5",
        "images",
        "CIFAR-10 to 100 digits",
    ),
    Step(
        "digits-to-cifar10",
        f"--architecture {{folder}}/digits {CIFAR10} {BESIDE} --seeds 3",
        "images",
        "digits to CIFAR-10",
    ),
    Step(
        "cifar10-to-digits",
        f"--architecture {{folder}}/cifar10 {DIGITS} {BESIDE} --seeds 3",
        "images",
        "CIFAR-10 to digits",
    ),
    Step(
        "manual-to-characters",
        f"--architecture {{folder}}/manual {CHARACTERS} --seeds 3 --beside published:nascell "
        "native:lstm random:1",
        "text",
        "manual to characters",
    ),
)


@dataclass(frozen=True)
class Options:
    """Take found networks to other tasks.

    Attributes:
        folder: Folder of the runs.
        parts: What is measured: ``images``, ``text``.
    """

    folder: Path = FOLDER
    parts: tuple[str, ...] = ("images", "text")


def measure(options: Options) -> None:
    """Run every step, and write the tables of those that are there."""
    for step in (each for each in SEARCHES if each.part in options.parts):
        folder = options.folder / step.run
        there = (folder / "config.json").is_file()
        words = ["--resume"] if there else [*step.words.split(), "--workers", "0"]
        done(step, train([*words, "--run", str(folder)]))
    for step in (each for each in TRAININGS if each.part in options.parts):
        words = step.words.format(folder=options.folder).split()
        network = ["--no-network"] if step.shown else []
        place = ["--run", str(options.folder / step.run), "--workers", "0"]
        done(step, retrain([*words, *place, *network]))
    tables = dict(found(options.folder))
    print(save("transfer", "python -m benchmarks.transfer", tables))


def done(step: Step, status: int) -> None:
    """Check that a step succeeded."""
    if status:
        raise InvalidValue(f"{step.run} ended with status {status}: {step.words}")


def found(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tables of the steps that are done, by their titles."""
    for step in TRAININGS:
        file = folder / step.run / "final" / "final.json"
        if step.shown and file.is_file():
            result = read_json(file, {}, most=2**26)
            yield (
                step.shown,
                {
                    "command": f"nas-retrain {step.words.format(folder=FOLDER)}",
                    "taken": result["chosen"]["architecture"],
                    "fine-tuned": result["chosen"]["start"] is not None,
                    "test_examples": result["test_examples"],
                    "rows": list(rows_of(result)),
                },
            )


def rows_of(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the figures of the network that was taken, and of each beside it.

    A score is the mean over seeds with half the width of its 95% interval; so is the difference to
    the network that was taken, seed by seed.
    """
    first = {**result, **result["chosen"]}
    for row in (first, *result["beside"]):
        row_of = {"name": row["name"], "parameters": row["parameters"]}
        for metric in METRICS:
            if metric in row["seeds"][0]:
                own, taken = ([seed[metric] for seed in each["seeds"]] for each in (row, first))
                row_of[metric] = mean_interval(own)
                row_of[f"{metric} minus first"] = mean_interval(list(map(sub, own, taken)))
        seconds = [seed["seconds"] for seed in row["seeds"]]
        yield {**row_of, "seeds": len(seconds), "seconds": seconds}


main = command("python -m benchmarks.transfer", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
