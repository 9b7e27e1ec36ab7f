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
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks._reduced import Reduced, make_problem, paper_and_modern, spelled
from benchmarks._results import in_percent, save
from nas_env.command_line.program import command
from nas_env.training.image_recipe import ImageRecipe
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


@dataclass(frozen=True)
class Options(Reduced):
    """Train the same networks by the paper's recipe, by ``modern``, and without each of its parts.

    Attributes:
        networks: Number of networks.
        only: Parts to leave out, of those that ``modern`` has; by default each.
        extra: Settings of a further recipe, ``modern`` with these: ``bias_rate=16``.
    """

    networks: int = 2
    only: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


def measure(options: Options) -> None:
    """Train, compare, print the figures and write them."""
    recipes = compared(options)
    accuracies = {}
    for name, recipe in recipes.items():
        accuracies[name] = trained(options, recipe)
        mean, half = in_percent(accuracies[name].mean(axis=0))
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
        "accuracy": in_percent(accuracies.mean(axis=0)),
        "minus modern": in_percent((accuracies - modern).flatten()),
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
    recipes = paper_and_modern(options)
    paper, modern = recipes["paper"], recipes["modern"]
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


def trained(options: Options, recipe: ImageRecipe) -> np.ndarray:
    """Return the validation accuracies after the last epoch: (networks, seeds)."""
    problem, tickets = make_problem(options, recipe), []
    with contextlib.closing(problem):
        networks = problem.space.sample_batch(np.random.default_rng(0), options.networks)
        for problem.evaluation_seed in range(options.seeds):
            tickets += problem.submit(networks.tolist())
        evaluations = [ticket.evaluation for ticket in tickets]
    last = [each.curves["validation_accuracy"][-1] for each in evaluations]
    return np.array(last).reshape(options.seeds, options.networks).T


main = command("python -m benchmarks.recipes", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
