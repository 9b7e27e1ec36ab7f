"""Images that need no data, and children that do on purpose what a child must not."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import torch
from torch import nn

from nas_env.tasks._images import Images, ImageTask
from nas_env.tasks.cifar10 import CIFAR10
from nas_env.training import images
from nas_env.training.checkpoints import NONE, Checkpoints, Steps
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.outcome import Training
from nas_env.training.recipe import Recipe

NAME = "benchmarks._gpu.task:SyntheticImages"
FAULT_STEP = 3  # before which a fault shows
BLOCK = 2**28  # bytes of memory that are taken at once


@dataclass(frozen=True)
class FaultyRecipe(ImageRecipe):
    """Training on images, in which a fault may show.

    Attributes:
        fault: A key of ``FAULTS``, or ``killed`` to be killed once, after ``killed_after`` steps.
        killed_after: That number of steps.
        note: File that gets a byte for each step of all processes of a training that is killed.
    """

    fault: str = ""
    killed_after: int = 0
    note: str = ""

    engine: ClassVar[str] = "benchmarks._gpu.task:train"
    later: ClassVar[frozenset[str]] = ImageRecipe.later | {"fault", "killed_after", "note"}


@dataclass(frozen=True)
class SyntheticImages(ImageTask):
    """Faint coloured patterns in noise, of the size of CIFAR-10's images; one pattern a class."""

    train_size: int | None = None
    validation_size: int = 1_000

    version: ClassVar[int] = 0
    licence: ClassVar[str] = "none: drawn by this program"
    input_shape: ClassVar[tuple[int, ...]] = CIFAR10.input_shape
    outputs: ClassVar[int] = CIFAR10.outputs
    available: ClassVar[int] = 9_192
    recipes: ClassVar[Mapping[str, Recipe]] = {
        name: FaultyRecipe(**asdict(cast(ImageRecipe, recipe)))
        for name, recipe in CIFAR10.recipes.items()
    }
    default_recipes: ClassVar[Mapping[str, str]] = {"cpu": "short"}
    environments: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def verify(self) -> None:
        """Nothing to do: the images are drawn."""

    def _read_train_images(self) -> Images:
        return _drawn(self.available, seed=0)

    def _read_test_data(self) -> Images:
        return _drawn(1_000, seed=1)


def _drawn(count: int, seed: int) -> Images:
    """Draw images, an eighth of whose numbers is the pattern of their class."""
    patterns = np.random.default_rng(10).integers(256, size=(CIFAR10.outputs, 4, 4, 3))
    large = patterns.repeat(8, axis=1).repeat(8, axis=2).astype(np.uint8) // 8
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % CIFAR10.outputs
    noise = rng.integers(224, size=(count, *large.shape[1:]), dtype=np.uint8)
    return noise + large[labels], labels.astype(np.int64)


def train(
    child: nn.Module, data: Any, recipe: FaultyRecipe, checkpoints: Checkpoints = NONE, **rest: Any
) -> Training:
    """Train as the engine does, with the recipe's fault."""
    if recipe.fault == "killed":
        checkpoints = Killed(checkpoints, recipe)
    elif recipe.fault:
        child.register_forward_pre_hook(_at_step(FAULTS[recipe.fault]))
    return images.train(child, data, recipe, checkpoints=checkpoints, **rest)


class Killed(Checkpoints):
    """Ends its process once, so many steps after the training began.

    Args:
        own: The checkpoints of the training.
        recipe: Recipe that says when.
    """

    def __init__(self, own: Checkpoints, recipe: FaultyRecipe):
        self.own, self.recipe = own, recipe

    def restore(self, steps: Steps, result: Training) -> None:
        """See the base."""
        self.own.restore(steps, result)

    def keep(self, steps: Steps, result: Training) -> None:
        """Count the step, over the lives of all processes; then the process may end."""
        self.own.keep(steps, result)
        note = Path(self.recipe.note)
        with note.open("ab") as file:
            file.write(b".")
        if note.stat().st_size == self.recipe.killed_after:
            os.kill(os.getpid(), signal.SIGKILL)


def _at_step(fault: Callable[[torch.Tensor], None]) -> Callable[..., None]:
    """Return a hook that lets a fault show before one of the first steps."""
    seen: list[int] = []

    def hook(child: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        seen.append(1)
        if len(seen) == FAULT_STEP:
            fault(inputs[0])

    return hook


def _fill(batch: torch.Tensor) -> None:
    """Take memory of the batch's device until there is no more."""
    taken: list[torch.Tensor] = []
    while True:
        taken.append(torch.empty(BLOCK, dtype=torch.uint8, device=batch.device))


def _break(batch: torch.Tensor) -> None:
    """Read what is outside a tensor, after which no call of CUDA in the process works any more."""
    outside = torch.full((1,), 10**6, device=batch.device)
    _ = batch.flatten()[outside + batch.numel()].item()


#: What a child may do wrong, by the status that its evaluation must have.
FAULTS: dict[str, Callable[[torch.Tensor], None]] = {
    "out_of_memory": _fill,
    "timed_out": lambda _: time.sleep(3_600),
    "died": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "failed": _break,
}
