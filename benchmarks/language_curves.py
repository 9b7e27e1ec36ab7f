"""Train the known language models of words, an epoch at a time, beside their published curves.

NAS_DATA=... python -m benchmarks.language_curves                            # the small LSTM
NAS_DATA=... python -m benchmarks.language_curves --models medium nascell    # they take turns
NAS_DATA=... python -m benchmarks.language_curves --minutes 0                # what is there

The small and the medium LSTM are those of Zaremba et al. (2014, 1409.2329). The NASCell of Zoph and
Le has the parameters and the recipe of the medium LSTM. Each epoch reads the whole text from a new
state, and SGD without momentum has no state, so the weights are all that one epoch takes over from
the one before; its dropout has a seed of its own. One file has the weights and all curves, so that
the same command goes on after any interruption.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save

from benchmarks import _published_curves as published
from benchmarks._results import save as keep
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue
from nas_env.files import write_bytes
from nas_env.tasks import make_task
from nas_env.training.language import train
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.text import LanguageData
from search_spaces import published_architecture
from search_spaces.recurrent_cell._cell import parse_cell
from search_spaces.recurrent_cell._network import LanguageModel, cell_model, reference_model

Curves = dict[str, list[float]]
Name = Literal["small", "medium", "nascell"]
CURVE = "validation_perplexity"


@dataclass(frozen=True)
class Known:
    """A model with the recipe by which its paper trains it.

    Attributes:
        cell: ``"lstm"``, torch's own, or a published cell.
        recipe: The recipe; the defaults are those of the medium LSTM.
        settings: Settings of the model.
    """

    cell: str
    recipe: LanguageRecipe
    settings: Mapping[str, Any]

    def model(self, vocabulary: int, seed: int) -> LanguageModel:
        """Return the model with its first weights."""
        torch.manual_seed(seed)
        settings = {"vocabulary": vocabulary, **self.settings}
        if self.cell == "lstm":
            return reference_model("lstm", **settings)
        return cell_model(parse_cell(published_architecture(self.cell)), **settings)

    def epoch(self, number: int) -> LanguageRecipe:
        """Return the recipe of one epoch, counted from 0."""
        return replace(self.recipe, epochs=1, learning_rate=self.recipe.rate(number), decay_from=1)


MEDIUM = {"dropout": 0.5, "init_range": 0.05}
KNOWN: Mapping[str, Known] = {
    "small": Known(
        "lstm",
        LanguageRecipe(epochs=13, steps=20, decay_factor=0.5, decay_from=4),
        {"hidden": 200, "dropout": 0.0, "init_range": 0.1},
    ),
    "medium": Known("lstm", LanguageRecipe(), {"hidden": 650, **MEDIUM}),
    "nascell": Known("nascell", LanguageRecipe(epochs=35), {"parameters": 19_775_200, **MEDIUM}),
}


@dataclass(frozen=True)
class Options:
    """Train known models of words and keep their perplexity after each epoch.

    Attributes:
        models: Models that take turns, an epoch each.
        minutes: No epoch begins that would end later, by the longest so far; none: all epochs.
        seed: Seed of the first weights and of dropout.
        folder: Folder of the weights.
    """

    models: tuple[Name, ...] = ("small",)
    minutes: float | None = None
    seed: int = 0
    folder: Path = Path("runs/language_curves")


def measure(options: Options) -> None:
    """Train the models by turns until each has its epochs, or time is up; keep all curves."""
    options.folder.mkdir(parents=True, exist_ok=True)
    task = make_task("penn_treebank")
    data: LanguageData = task.search_data()  # type: ignore[attr-defined]
    states = [State(name, options) for name in options.models]
    start = time.monotonic()
    while waiting := [state for state in states if state.epoch < state.known.recipe.epochs]:
        state = min(waiting, key=lambda each: each.epoch)
        minutes = (time.monotonic() - start + state.seconds) / 60
        if options.minutes is not None and minutes >= options.minutes:
            break
        state.train(data)
        print(f"{state.name}, epoch {state.epoch}: {state.curves[CURVE][-1]:.1f}", flush=True)
    keep("language_curves", "python -m benchmarks.language_curves", figures(options))


class State:
    """The state of a model's training, which its file keeps.

    Args:
        name: Name of the model.
        options: Where its file is, and its seed.
    """

    def __init__(self, name: str, options: Options):
        self.name, self.seed = name, options.seed
        self.known = KNOWN[name]
        self.file = options.folder / f"{name}-{options.seed}.safetensors"
        self.curves: Curves = {}
        if self.file.exists():
            with safe_open(self.file, "pt") as kept:
                self.curves = json.loads(kept.metadata()["curves"])

    @property
    def epoch(self) -> int:
        """Number of epochs that are finished."""
        return len(self.curves.get(CURVE, ()))

    @property
    def seconds(self) -> float:
        """Seconds of the longest epoch so far."""
        return max(self.curves.get("seconds", [0.0]))

    def train(self, data: LanguageData) -> None:
        """Train for one epoch and keep what came of it."""
        child = self.known.model(data.vocabulary, self.seed)
        if self.epoch:
            child.load_state_dict(load_file(self.file))
        recipe, cpu = self.known.epoch(self.epoch).resolved("cpu"), torch.device("cpu")
        result = train(child, data, recipe, seed=1_000 * self.seed + self.epoch, device=cpu)
        if result.diverged:
            raise InvalidValue(f"{self.name} diverged in epoch {self.epoch + 1}: {result.reason}")
        found = {**result.curves, "seconds": [sum(result.seconds.values())]}
        self.curves = {name: [*self.curves.get(name, ()), *new] for name, new in found.items()}
        write_bytes(self.file, save(child.state_dict(), {"curves": json.dumps(self.curves)}))


def figures(options: Options) -> dict[str, Any]:
    """Return the curves of the models that have one, beside what is published of them."""
    found = {}
    for name, known in KNOWN.items():
        if (state := State(name, options)).epoch:
            with torch.device("meta"):
                parameters = sum(p.numel() for p in known.model(10_000, 0).parameters())
            rates = [known.recipe.rate(epoch) for epoch in range(state.epoch)]
            found[name] = {"parameters": parameters, "learning rate": rates, **state.curves}
    return {"seed": options.seed, "measured": found, "published": published.CURVES}


main = command("python -m benchmarks.language_curves", Options, measure, resumes=True)

if __name__ == "__main__":
    sys.exit(main())
