"""A task whose children do what a child must not: named from outside, as faulty:FaultyDigits."""

import ctypes
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from nas_env.tasks.digits import Digits
from nas_env.training import images
from nas_env.training.recipe import ImageRecipe, Recipe


@dataclass(frozen=True)
class FaultyRecipe(ImageRecipe):
    """Training on images, with a fault first.

    Attributes:
        fault: A key of FAULTS; empty for none.
        note: A file that gets the number of the process; empty for none.
    """

    fault: str = ""
    note: str = ""

    engine: ClassVar[str] = "faulty:train"


@dataclass(frozen=True)
class FaultyDigits(Digits):
    """Digits by a faulty recipe."""

    recipes: ClassVar[Mapping[str, Recipe]] = {
        "short": FaultyRecipe(epochs=1, schedule="one_cycle", upsample=0, flip=False)
    }
    environments: ClassVar = {}


def hold_the_interpreter():
    """C code that sleeps and lets no other Python thread run."""
    ctypes.PyDLL(None).sleep(1000)


def eat():
    """Memory without end, in pieces that are really used."""
    pieces = []
    while True:
        pieces.append(torch.ones(2**24))


FAULTS = {
    "": lambda: None,
    "sleep": lambda: time.sleep(1000),
    "hold": hold_the_interpreter,
    "segfault": lambda: ctypes.string_at(0),
    "exit": lambda: os._exit(7),
    "eat": eat,
}


def train(child, data, recipe, **rest):
    """The engine."""
    if recipe.note:
        Path(recipe.note).write_text(str(os.getpid()))
    FAULTS[recipe.fault]()
    return images.train(child, data, recipe, **rest)
