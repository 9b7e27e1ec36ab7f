"""A task whose children do what a child must not: named from outside, as faulty:FaultyImages."""

import ctypes
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from nas_env.errors import DataNotFound
from nas_env.tasks import data_folder
from nas_env.tasks.digits import Digits
from nas_env.training import images
from nas_env.training.checkpoints import Checkpoints
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.recipe import Recipe


@dataclass(frozen=True)
class FaultyRecipe(ImageRecipe):
    """Training on images, with a fault first.

    Attributes:
        fault: A key of FAULTS; ``die`` to be killed every ten steps; ``wait`` for a file with
            " go" after the note's name; ``loader`` for a data loader whose process hangs;
            ``nan`` for a batch without numbers; empty for none.
        note: A file that gets a line with the number of the process; empty for none.
    """

    fault: str = ""
    note: str = ""

    engine: ClassVar[str] = "faulty:train"


@dataclass(frozen=True)
class FaultyImages(Digits):
    """Noise of the digits' shape, by a faulty recipe; scikit-learn takes seconds to be imported.

    Attributes:
        read: A file that is made when the data has been read, which takes a while; empty for none.
    """

    read: str = ""

    recipes: ClassVar[Mapping[str, Recipe]] = {
        "short": FaultyRecipe(epochs=1, batch_size=8, schedule="one_cycle", upsample=0, flip=False)
    }
    environments: ClassVar = {}
    available: ClassVar[int] = 96

    def _read_train_images(self):
        if self.read:
            time.sleep(0.3)
            Path(self.read).touch()
        _, height, width = self.input_shape
        random = np.random.default_rng(0)
        images = random.integers(256, size=(96, height, width, 1), dtype=np.uint8)
        return images, np.arange(96) % 10


@dataclass(frozen=True)
class LargeImages(FaultyImages):
    """The same of 64 x 64 pixels, of which a batch takes some hundreds of megabytes."""

    input_shape: ClassVar[tuple[int, ...]] = (1, 64, 64)


@dataclass(frozen=True)
class StuckImages(FaultyImages):
    """The same, of which the reading never ends."""

    def _read_train_images(self):
        Path(self.read).write_text(f"{os.getpid()}\n")
        time.sleep(1000)


@dataclass(frozen=True)
class FiledImages(FaultyImages):
    """The same, of which a file lies in the data folder."""

    def _read_train_images(self):
        file = data_folder() / "filed" / "labels"
        if not file.exists():
            raise DataNotFound(f"{file} is not there")
        images, _ = super()._read_train_images()
        return images, np.frombuffer(file.read_bytes(), dtype=np.uint8).astype(np.int64)


def hold_the_interpreter():
    """C code that sleeps and lets no other Python thread run."""
    ctypes.PyDLL(None).sleep(1000)


def eat():
    """All memory there is, in pieces that the C library keeps for itself when they are freed."""
    pieces = []
    for size in (2**18, 2**14, 2**10):
        try:
            while True:
                pieces.append(torch.ones(size))
        except RuntimeError as error:
            full = error
    raise full


def eat_in_python():
    """All memory there is, by lists of texts."""
    pieces = []
    while True:
        pieces.append([str(number) for number in range(100_000)])


def spoil():
    """What a CUDA kernel that failed leaves: every later call of the process fails as well."""
    images.train = fail
    fail()


def fail(*args, **rest):
    """As torch says it."""
    raise RuntimeError("CUDA error: device-side assert triggered")


def kill_for_memory():
    """What the kernel does where memory is full: count it, and kill the process."""
    file = Path(os.environ["FAULTY_KILLS"])
    file.write_text(f"oom 1\noom_kill {int(file.read_text().split()[-1]) + 1}\n")
    os.kill(os.getpid(), signal.SIGKILL)


def say_and_end():
    """The last words of Python, and of what it has started."""
    print("spoken by Python")
    os.system("echo spoken by a program")
    os._exit(7)


def crash(below=60):
    """Crash so deep that the trace of it is longer than what is kept."""
    ctypes.string_at(0) if below == 0 else crash(below - 1)


def go_wrong():
    raise ValueError("what went wrong")


FAULTS = {
    "": lambda: None,
    "kernel": kill_for_memory,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "say": say_and_end,
    "chat": lambda: print("a word " * 1000),
    "raise": go_wrong,
    "sleep": lambda: time.sleep(1000),
    "doze": lambda: time.sleep(0.5),
    "hold": hold_the_interpreter,
    "segfault": crash,
    "exit": lambda: os._exit(7),
    "eat": eat,
    "eat in Python": eat_in_python,
    "spoil": spoil,
}


class Stuck(torch.utils.data.Dataset):
    """Data whose reading never ends; the process that reads leaves its number."""

    def __init__(self, note):
        self.note = note

    def __len__(self):
        return 1

    def __getitem__(self, index):
        note_down(self.note)
        time.sleep(1000)


def note_down(note):
    with Path(note).open("a") as file:
        file.write(f"{os.getpid()}\n")


def lose_numbers(child):
    """Let the third batch have none."""
    batches = iter(range(1000))
    child.register_forward_hook(
        lambda _, given, logits: logits * float("nan") if next(batches) == 2 else None
    )


class Dying(Checkpoints):
    """Lets the process end ten steps after its training began or went on."""

    def __init__(self, own):
        self.own, self.left = own, 10

    def restore(self, steps, result):
        self.own.restore(steps, result)

    def keep(self, steps, result):
        self.own.keep(steps, result)
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def train(child, data, recipe, **rest):
    """The engine."""
    if recipe.note:
        note_down(recipe.note)
    if recipe.fault == "die":
        rest["checkpoints"] = Dying(rest["checkpoints"])
    elif recipe.fault == "wait":
        while not Path(f"{recipe.note} go").exists():
            time.sleep(0.01)
    elif recipe.fault == "loader":
        next(iter(torch.utils.data.DataLoader(Stuck(recipe.note), num_workers=1)))
    elif recipe.fault == "nan":
        lose_numbers(child)
    else:
        FAULTS[recipe.fault]()
    return images.train(child, data, recipe, **rest)
