"""A part of a task's images, reduced: the problem, and the recipes that fit it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from nas_env.parts import preset_recipe
from nas_env.problem import Problem
from nas_env.tasks import make_task, task_class, task_names
from nas_env.training.image_recipe import ImageRecipe
from search_spaces import UnknownName

PIXELS = ("upsample", "padding", "cutout")


@dataclass(frozen=True)
class Reduced:
    """Train networks on a part of a task's images.

    Attributes:
        env: Id of the environment.
        seeds: Number of trainings of each network by each recipe.
        images: Training images.
        validation: Validation images.
        epochs: Epochs of each training.
        resolution: Pixels to which images are reduced; 0 leaves them.
        pooling: Layers of the networks after which maps are halved.
        workers: Number of processes that train at the same time.
        store: File that keeps each training.
    """

    env: str = "NAS-CIFAR10-v0"
    seeds: int = 3
    images: int = 5_000
    validation: int = 2_000
    epochs: int = 8
    resolution: int = 0
    pooling: tuple[int, ...] = ()
    workers: int = 2
    store: str = ":memory:"


def make_problem(options: Reduced, recipe: ImageRecipe) -> Problem:
    """Return the problem of an id on a part of its images."""
    name, settings = place(options.env)
    sizes = {"train_size": options.images, "validation_size": options.validation}
    space = {**settings["space"], **({"pooling": options.pooling} if options.pooling else {})}
    return Problem(
        {"name": name, **sizes},
        space,
        recipe=recipe.spec,
        device="cpu",
        evaluator={"name": "workers", "workers": options.workers},
        store=options.store,
    )


def paper_and_modern(options: Reduced) -> dict[str, ImageRecipe]:
    """Return the two recipes of a final training by name, for the images as they are reduced.

    Raises:
        UnknownName: If the task does not have both; a text has no ``modern``.
    """
    task: Any = make_task(place(options.env)[0])
    both = {name: preset_recipe(task, name) for name in ("modern", "paper")}
    return {name: reduced(both[name], task, options) for name in ("paper", "modern")}


def reduced(recipe: Any, task: Any, options: Reduced) -> ImageRecipe:
    """Return a recipe for reduced images, and for as many epochs as are wanted."""
    share = options.resolution / max(task.input_shape[1:]) if options.resolution else 1.0
    pixels = {name: round(share * getattr(recipe, name)) for name in PIXELS}
    return replace(recipe, epochs=options.epochs, resolution=options.resolution, **pixels)


def place(env: str) -> tuple[str, Mapping[str, Any]]:
    """Return the task of an id, and the settings of its environment.

    Raises:
        UnknownName: If no task has it.
    """
    known = {id: name for name in task_names() for id in task_class(name).environments}
    if env not in known:
        raise UnknownName("environment", env, known)
    return known[env], task_class(known[env]).environments[env]


def spelled(options: Reduced) -> str:
    """Return options as on a command line, without the file that keeps the trainings."""
    given = {field.name: getattr(options, field.name) for field in fields(options)}
    shown = {n: v for n, v in given.items() if n != "store" and v not in ((), 0, "")}
    return " ".join(
        f"--{name} {shlex.join(map(str, value)) if isinstance(value, tuple) else value}"
        for name, value in shown.items()
    )
