"""Scores a folder that was handed over on the test set of its images.

NAS_DATA=... python -m benchmarks.network_score --network runs/record_60_0/found/final/network

The folder is loaded as anybody would load it, in a process that has trained nothing, and classifies
the images as the recipe does after the last step of a final training.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from nas_env.command_line.program import command
from nas_env.errors import InvalidValue, UnknownName
from nas_env.handover import LoadedNetwork, load
from nas_env.tasks import ImageTask, make_task
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.logits import logits_of

IMAGES = 500  # at once


@dataclass(frozen=True)
class Options:
    """Score a folder that was handed over on the test set of its images.

    Attributes:
        network: The folder.
        task: Task whose test set it is.
        recipe: Preset that says which views of an image are classified.
    """

    network: Path
    task: str = "cifar10"
    recipe: str = "record"


def measure(options: Options) -> None:
    """Classify, and print the share that is right."""
    task = make_task(options.task)
    if not isinstance(task, ImageTask):
        raise InvalidValue(f"task is {options.task}, expected one of images")
    if options.recipe not in task.recipes:
        raise UnknownName("recipe", options.recipe, task.recipes)
    recipe = task.recipes[options.recipe]
    assert isinstance(recipe, ImageRecipe)  # as those of all tasks of images
    right, count = score(load(options.network), task, recipe)
    print(f"{options.network}: {right / count:.4f} of {count:,} test images")


@torch.no_grad()
def score(network: LoadedNetwork, task: ImageTask, recipe: ImageRecipe) -> tuple[int, int]:
    """Return how many test images are classified correctly, and how many there are."""
    images, labels = map(torch.from_numpy, task.test_data())
    right = 0
    for part, answers in zip(images.split(IMAGES), labels.split(IMAGES), strict=True):
        logits = logits_of(network, network.preprocess(part), recipe)
        right += int((logits.argmax(dim=1) == answers).sum())
    return right, len(labels)


main = command("python -m benchmarks.network_score", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
