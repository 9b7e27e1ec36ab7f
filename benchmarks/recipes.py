"""Measures what each part of the recipe ``modern`` is worth beside the paper's.

NAS_DATA=... python -m benchmarks.recipes                                    # CIFAR-10
python -m benchmarks.recipes --env NAS-Digits-v0 --images 1000 --epochs 12 --seeds 5

The same random networks are trained by ``paper``, by ``modern``, and by ``modern`` without each of
its parts: those settings are then the paper's. The differences to ``modern`` are of pairs, of the
same network and seed. Images may be reduced, which reduces the settings in pixels too. The file
``--store`` keeps each training, so that an interrupted measurement goes on.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from benchmarks._results import mean_interval, save
from nas_env.benchmark._command import command
from nas_env.problem import Problem
from nas_env.tasks import make_task, task_class, task_names
from nas_env.training.recipe import ImageRecipe
from search_spaces import UnknownName
from search_spaces._settings import from_mapping

#: The settings of each part, by its name.
PARTS: Mapping[str, tuple[str, ...]] = {
    "the higher rate": ("learning_rate",),
    "the triangular schedule": ("schedule",),
    "the greater weight decay": ("weight_decay",),
    "sparing vectors from decay": ("decay_vectors",),
    "the faster biases": ("bias_rate",),
    "label smoothing": ("label_smoothing",),
    "averaged weights": ("averaging",),
    "padding instead of enlarging": ("upsample", "padding", "validation_view"),
    "cutout": ("cutout",),
    "alternating flips": ("alternate_flip",),
    "the flip at validation": ("validation_flip",),
}
PIXELS = ("upsample", "padding", "cutout")


@dataclass(frozen=True)
class Options:
    """Train the same networks by the paper's recipe, by ``modern``, and without each of its parts.

    Attributes:
        env: Id of the environment.
        networks: Number of networks.
        seeds: Number of trainings of each network by each recipe.
        images: Training images.
        validation: Validation images.
        epochs: Epochs of each training.
        resolution: Pixels to which images are reduced; 0 leaves them.
        pooling: Layers of the networks after which maps are halved.
        only: Parts to leave out, of those that ``modern`` has; by default each.
        extra: Settings of a further recipe, ``modern`` with these: ``bias_rate=16``.
        workers: Number of processes that train at the same time.
        store: File that keeps each training.
    """

    env: str = "NAS-CIFAR10-v0"
    networks: int = 2
    seeds: int = 3
    images: int = 5_000
    validation: int = 2_000
    epochs: int = 8
    resolution: int = 0
    pooling: tuple[int, ...] = ()
    only: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    workers: int = 2
    store: str = ":memory:"


def measure(options: Options) -> None:
    """Train, compare, print the figures and write them."""
    recipes = compared(options)
    accuracies = {}
    for name, recipe in recipes.items():
        accuracies[name] = trained(options, recipe)
        mean, half = mean_interval((100 * accuracies[name]).mean(axis=0).tolist())
        print(f"{name:45} {mean:.2f} ± {half:.2f}%", flush=True)
    figures = {name: figures_of(rows, accuracies["modern"]) for name, rows in accuracies.items()}
    for name, own in figures.items():
        print(f"{name:45} {own}")
    settings = {name: recipe.request_spec for name, recipe in recipes.items()}
    save(
        f"recipes_{options.env}",
        f"python -m benchmarks.recipes {spelled(options)}",
        {"recipes": {n: settings[n] for n in ("paper", "modern")}, "by recipe": figures},
    )


def figures_of(accuracies: np.ndarray, modern: np.ndarray) -> dict[str, Any]:
    """Return the figures of a recipe in percent: (networks, seeds), beside those of ``modern``."""
    return {
        "accuracy": rounded(mean_interval((100 * accuracies).mean(axis=0).tolist())),
        "minus modern": rounded(mean_interval((100 * (accuracies - modern)).flatten().tolist())),
        "accuracies": accuracies.round(4).tolist(),
    }


def compared(options: Options) -> dict[str, ImageRecipe]:
    """Return the recipes by name: the paper's, ``modern``, and what lies between.

    Raises:
        UnknownName: If there is no such part.
    """
    for part in options.only:
        if part not in PARTS:
            raise UnknownName("part", part, PARTS)
    task = make_task(place(options.env)[0])
    paper, modern = (reduced(task.recipes[name], task, options) for name in ("paper", "modern"))
    recipes = {"paper": paper, "modern": modern}
    for part, names in PARTS.items():
        if options.only and part not in options.only:
            continue
        less = replace(modern, **{name: getattr(paper, name) for name in names})
        if less != modern:
            recipes[f"modern without {part}"] = less
    for text in options.extra:
        name, _, value = text.partition("=")
        changed = {**modern.spec, name: json.loads(value)}
        recipes[f"modern with {text}"] = from_mapping(ImageRecipe, changed, "recipe setting")
    return recipes


def reduced(recipe: Any, task: Any, options: Options) -> ImageRecipe:
    """Return a recipe for reduced images, and for as many epochs as are wanted."""
    share = options.resolution / max(task.input_shape[1:]) if options.resolution else 1.0
    pixels = {name: round(share * getattr(recipe, name)) for name in PIXELS}
    return replace(recipe, epochs=options.epochs, resolution=options.resolution, **pixels)


def trained(options: Options, recipe: ImageRecipe) -> np.ndarray:
    """Return the validation accuracies after the last epoch: (networks, seeds)."""
    problem, tickets = made(options, recipe), []
    with contextlib.closing(problem):
        networks = problem.space.sample_batch(np.random.default_rng(0), options.networks)
        for problem.evaluation_seed in range(options.seeds):
            tickets += problem.submit(networks.tolist())
        evaluations = [ticket.evaluation for ticket in tickets]
    last = [each.curves["validation_accuracy"][-1] for each in evaluations]
    return np.array(last).reshape(options.seeds, options.networks).T


def made(options: Options, recipe: ImageRecipe) -> Problem:
    """Return the problem of an id on a part of its images."""
    name, settings = place(options.env)
    sizes = {"train_size": options.images, "validation_size": options.validation}
    space = {**settings["space"], **({"pooling": options.pooling} if options.pooling else {})}
    return Problem(
        {"name": name, **sizes},
        space,
        recipe={field.name: getattr(recipe, field.name) for field in fields(recipe)},
        device="cpu",
        evaluator={"name": "workers", "workers": options.workers},
        store=options.store,
    )


def place(env: str) -> tuple[str, Mapping[str, Any]]:
    """Return the task of an id, and the settings of its environment.

    Raises:
        UnknownName: If no task has it.
    """
    known = {id: name for name in task_names() for id in task_class(name).environments}
    if env not in known:
        raise UnknownName("environment", env, known)
    return known[env], task_class(known[env]).environments[env]


def rounded(values: Sequence[float]) -> list[float]:
    """Return percentages with two digits."""
    return [round(value, 2) for value in values]


def spelled(options: Options) -> str:
    """Return options as on a command line, without the file that keeps the trainings."""
    given = {field.name: getattr(options, field.name) for field in fields(options)}
    shown = {n: v for n, v in given.items() if n != "store" and v not in ((), 0)}
    return " ".join(
        f"--{name} {shlex.join(map(str, value)) if isinstance(value, tuple) else value}"
        for name, value in shown.items()
    )


main = command("python -m benchmarks.recipes", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
