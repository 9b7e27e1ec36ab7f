"""Train the first tenths of the first epoch of the known language models, beside a public log.

NAS_DATA=... python -m benchmarks.language_beginnings --models small --biases tutorial
NAS_DATA=... python -m benchmarks.language_beginnings --models small medium nascell

The log prints the perplexity of the training words so far, ten times an epoch. So a large model can
be compared with it in minutes. An LSTM of the log has one bias a gate, 0 at first; torch's has two,
which start in the range of the other weights, as those of Zaremba et al. (2014) do.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

import torch

from benchmarks._published_curves import BEGINNINGS, LOG
from benchmarks._results import FOLDER, save
from benchmarks.language_curves import KNOWN, Name
from nas_env.command_line.program import command
from nas_env.errors import InvalidValue
from nas_env.files import read_json
from nas_env.tasks import make_task
from nas_env.training.language import train
from nas_env.training.text import LanguageData
from search_spaces.recurrent_cell._network import LanguageModel

FIRST = 11  # steps of the log's first value; the next is a tenth of an epoch later
RESULT = "language_beginnings"


@dataclass(frozen=True)
class Options:
    """Train the first tenths of an epoch and keep the perplexity of the words so far.

    Attributes:
        models: Models, one after another.
        tenths: Tenths of the first epoch.
        biases: ``torch``'s two of each gate, or one that is 0 at first, as in the ``tutorial``.
        seed: Seed of the first weights and of dropout.
    """

    models: tuple[Name, ...] = ("small",)
    tenths: int = 3
    biases: Literal["torch", "tutorial"] = "torch"
    seed: int = 0


def measure(options: Options) -> None:
    """Train each model; print and keep its perplexities, beside those that are kept."""
    task = make_task("penn_treebank")
    data: LanguageData = task.search_data()  # type: ignore[attr-defined]
    for name in options.models:
        found = beginning(name, data, options)
        label = name if name == "nascell" else f"{name}, {options.biases}'s biases"
        print(f"{label}: {found}", flush=True)
        kept = read_json(FOLDER / f"{RESULT}.json") if (FOLDER / f"{RESULT}.json").exists() else {}
        measured = {**kept.get("figures", {}).get("measured", {}), label: found}
        figures = {"measured": measured, "published": {LOG: BEGINNINGS}}
        save(RESULT, f"python -m benchmarks.{RESULT}", figures)


def beginning(name: Name, data: LanguageData, options: Options) -> dict[int, float]:
    """Return the perplexity of the training words so far, by the number of steps."""
    known = KNOWN[name]
    whole = known.recipe.steps_an_epoch(len(data.train))
    marks = [FIRST + tenth * (whole // 10) for tenth in range(options.tenths + 1)]
    child = known.model(data.vocabulary, options.seed)
    if options.biases == "tutorial" and known.cell == "lstm":
        one_bias(child)
    symbols = known.recipe.batch_size * known.recipe.steps  # of one step
    recipe = replace(known.recipe, epochs=marks[-1], decay_from=marks[-1], symbols=symbols)
    recipe = replace(recipe, validation_symbols=8).resolved("cpu")
    result = train(child, data, recipe, seed=options.seed, device=torch.device("cpu"))
    if result.diverged:
        raise InvalidValue(f"{name} diverged: {result.reason}")
    return so_far(result.curves["training_loss"], marks)


def so_far(losses: Sequence[float], marks: Sequence[int]) -> dict[int, float]:
    """Return the perplexity of all words until each mark, by the losses of each step.

    Example:
        >>> so_far([math.log(4), math.log(1)], [1, 2])
        {1: 4.0, 2: 2.0}
    """
    return {mark: round(math.exp(fmean(losses[:mark])), 3) for mark in marks}


def one_bias(child: LanguageModel) -> None:
    """Set an LSTM's biases to 0 and leave one of each gate to be trained."""
    parameters: Mapping[str, torch.nn.Parameter] = dict(child.core.named_parameters())
    for name, parameter in parameters.items():
        if name.startswith("bias"):
            parameter.data.zero_()
            parameter.requires_grad_(not name.startswith("bias_hh"))


main = command(f"python -m benchmarks.{RESULT}", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
