"""Measures what changes of a recipe's settings are worth at equal arithmetic.

NAS_DATA=... python -m benchmarks.recipe_changes --images 30000 --epochs 2 \
    --base first_resolution=0,growth=0.5,filter_rate=0.17 \
    --changes first_resolution=16,growth=0.72 filter_rate=0.24 filter_rate=0.12

Each change, of one setting or of several, is trained for as many whole epochs as take no more
arithmetic than the recipe as it is: small images take less. Nothing is tested; figures are of the
validation images, and differences are of pairs of the same network and seed. The file ``--store``
keeps each training, so that an interrupted measurement goes on.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks._pace import images_of
from benchmarks._reduced import Reduced, make_problem, place, spelled
from benchmarks._results import in_percent, save
from nas_env.command_line._subjects.named import named_architecture
from nas_env.command_line.program import command
from nas_env.errors import ChildrenFail
from nas_env.parts import preset_recipe
from nas_env.tasks import make_task
from nas_env.training.image_recipe import ImageRecipe
from search_spaces import InvalidValue
from search_spaces._settings import from_mapping

AS_IT_IS = "as it is"


@dataclass(frozen=True)
class Options(Reduced):
    """Train networks by a recipe and by changes of it.

    Attributes:
        recipe: Name of the recipe.
        base: Settings of the recipe to begin with: ``setting=value``, several joined by commas.
        changes: Changes of it, each written in the same way.
        networks: Networks: files of JSON, folders of networks or runs, or ``published:NAME``.
        name: Name of the file of figures; ``recipe_changes_<recipe>`` by default.
    """

    env: str = "NAS-CIFAR10-Record-v0"
    seeds: int = 1
    images: int = 45_000
    validation: int = 5_000
    epochs: int = 3
    recipe: str = "record"
    base: str = ""
    changes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ("published:airbench94",)
    name: str = ""


def measure(options: Options) -> None:
    """Train, compare, print the figures and write them."""
    recipes = compared(options)
    with ThreadPoolExecutor(options.workers) as pool:  # a recipe each, with a process of its own
        one = replace(options, workers=1)
        trainings = [pool.submit(trained, one, recipe) for recipe in recipes.values()]
        found = {name: each.result() for name, each in zip(recipes, trainings, strict=True)}
    figures = {name: figures_of(each, found[AS_IT_IS]) for name, each in found.items()}
    for name, own in figures.items():
        print(f"{name:40} { ({key: own[key] for key in own if key != 'accuracies'}) }")
    command_line = f"python -m benchmarks.recipe_changes {spelled(options)}"
    save(options.name or f"recipe_changes_{options.recipe}", command_line, {"by recipe": figures})


def compared(options: Options) -> dict[str, ImageRecipe]:
    """Return the recipes by name, each for epochs of about the same arithmetic.

    Raises:
        InvalidValue: If a change is not one of a setting.
    """
    task: Any = make_task(place(options.env)[0])
    recipe: Any = preset_recipe(task, options.recipe)
    side = max(task.input_shape[1:])
    given = {"epochs": options.epochs, "resolution": options.resolution, "threads": 1}
    own = changed(recipe, given | settings_of(options.base))
    most = images_of(own, options.images, side)
    found = {AS_IT_IS: own}
    for text in options.changes:
        other = changed(own, settings_of(text))
        once = images_of(replace(other, epochs=1), options.images, side)
        found[text] = replace(other, epochs=max(1, int(most / once + 0.01)))
    return found


def changed(recipe: ImageRecipe, settings: Mapping[str, Any]) -> ImageRecipe:
    """Return a recipe with some settings changed."""
    return from_mapping(ImageRecipe, {**recipe.spec, **settings}, "recipe setting")


def settings_of(text: str) -> dict[str, Any]:
    """Return the settings of a change.

    Example:
        >>> settings_of("first_resolution=16,growth=0.5,reflect=false")
        {'first_resolution': 16, 'growth': 0.5, 'reflect': False}
    """
    try:
        pairs = [part.split("=") for part in text.split(",") if text]
        return {name: json.loads(value) for name, value in pairs}
    except ValueError:
        raise InvalidValue(f"a change is {text!r}, expected as setting=value") from None


def trained(options: Options, recipe: ImageRecipe) -> Mapping[str, Any]:
    """Return accuracies after the last epoch, (networks, seeds), epochs and mean CPU seconds.

    Raises:
        ChildrenFail: If a training diverges or fails: then there is no table.
    """
    problem, tickets = make_problem(options, recipe), []
    with contextlib.closing(problem):
        named = [named_architecture(text).architecture for text in options.networks]
        tokens = [problem.space.encode(problem.space.parse(each)) for each in named]
        for problem.evaluation_seed in range(options.seeds):
            tickets += problem.submit(tokens)
        evaluations = [ticket.evaluation for ticket in tickets]
    for each in evaluations:
        if each.status != "ok":
            raise ChildrenFail(f"{each.status}: {each.error}")
    last = [each.curves["validation_accuracy"][-1] for each in evaluations]
    spent = [each.cpu_seconds for each in evaluations]
    return {
        "accuracies": np.array(last).reshape(options.seeds, len(tokens)).T,
        "epochs": recipe.epochs,
        "CPU seconds": round(float(np.mean(spent)), 1),
    }


def figures_of(found: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a recipe in percent, beside those of the recipe as it is."""
    accuracies, others = found["accuracies"], base["accuracies"]
    return {
        **found,
        "accuracy": figure(accuracies.mean(axis=0)),
        "minus as it is": figure((accuracies - others).flatten()),
        "accuracies": accuracies.round(4).tolist(),
    }


def figure(shares: np.ndarray) -> list[float]:
    """Return a mean in percent, with half the width of its 95% interval if there are several."""
    return in_percent(shares) if len(shares) > 1 else [round(100 * shares.item(), 2)]


main = command("python -m benchmarks.recipe_changes", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
