"""Does the engine train a cell as well as torch's own LSTM? Two questions, one loop.

NAS_DATA=... python -m benchmarks.language                # PTB; an hour on two slow cores
NAS_DATA=... python -m benchmarks.language --matched      # as long

Both LSTMs have the same hidden size and are trained by the same loop with the preset of Zaremba's
medium model (without its dropout, as their small model of 200 units); the seeds are the pairs.

By default they are as they come: the LSTM of the space has no biases, and sums its output gate
over four leaves and its forget gate over two. ``--matched`` makes them one and the same function
of the same first weights: the leaves that an LSTM does not need are held at zero, and torch's has
no biases. What is left is how it is computed. (With the medium model's ±0.05 a hundred units
without biases have next to no signal at the start.)
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks._command import command
from benchmarks._processes import in_processes
from benchmarks._results import save
from benchmarks._statistics import mean_interval
from nas_env.problem import Problem
from nas_env.tasks import make_task
from nas_env.training.language import train
from nas_env.training.text import LanguageData
from search_spaces import published_architecture
from search_spaces._recurrent_network import LanguageModel, cell_model, reference_model
from search_spaces.recurrent_cell import RecurrentCellSpace

SPACE, NATIVE = "LSTM of the space", "torch.nn.LSTM"
MODELS = (SPACE, NATIVE)
LAYERS = 2
LEAVES = {"input": 2, "forget": 0, "candidate": 3, "output": 4}  # in torch's order; others: zero


@dataclass(frozen=True)
class Options:
    """Train both LSTMs.

    Attributes:
        task: A language task.
        epochs: Of each training.
        hidden: Units of each layer.
        init_range: Every weight starts uniform in ± this.
        matched: Make both the same function of the same first weights.
        seeds: Trainings of each.
        workers: Processes.
    """

    task: str = "penn_treebank"
    epochs: int = 8
    hidden: int = 100
    init_range: float = 0.2
    matched: bool = False
    seeds: int = 3
    workers: int = os.cpu_count() or 1


def measure(options: Options) -> None:
    """Train, print and keep the perplexities."""
    make_task(options.task).verify()
    jobs = [(options, *job) for job in product(range(options.seeds), MODELS)]
    curves = in_processes(perplexities, jobs, options.workers)
    found = {model: np.array(curves[i :: len(MODELS)]) for i, model in enumerate(MODELS)}
    last = {model: values[:, -1] for model, values in found.items()}
    ratio = mean_interval(last[SPACE] / last[NATIVE])
    figures: dict[str, Any] = {
        "validation perplexity by seed and epoch": {m: v.tolist() for m, v in found.items()},
        "space / native, mean of the pairs": ratio.value,
        "half its 95% interval": ratio.half,
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    command = (
        f"python -m benchmarks.language --task {options.task} --epochs {options.epochs} "
        f"--hidden {options.hidden} --init-range {options.init_range} --seeds {options.seeds}"
        f"{' --matched' if options.matched else ''}"
    )
    save("language_matched" if options.matched else "language", command, figures)


def perplexities(job: tuple[Options, int, str]) -> list[float]:
    """The validation perplexity of one training after each epoch."""
    options, seed, name = job
    recipe = {"preset": "zaremba_medium", "epochs": options.epochs}
    problem = Problem(options.task, "recurrent_cell", recipe=recipe, device="cpu")
    torch.manual_seed(seed)
    data: LanguageData = problem.task.search_data()  # type: ignore[attr-defined]
    child = model(options, name, data.types)
    result = train(child, data, problem.recipe, seed=seed, device=torch.device("cpu"))
    assert not result.diverged, result.reason
    return result.curves["validation_perplexity"]


def model(options: Options, name: str, vocabulary: int) -> LanguageModel:
    """One of the two language models, with its first weights."""
    size: dict[str, Any] = {
        "vocabulary": vocabulary,
        "hidden": options.hidden,
        "dropout": 0.0,
        "init_range": options.init_range,
    }
    if name == NATIVE and not options.matched:
        return reference_model("lstm", **size)
    space = cell_model(RecurrentCellSpace().parse(published_architecture("lstm")), **size)
    if not options.matched:
        return space
    for parameter in space.core.parameters():
        needed = torch.zeros_like(parameter)
        needed.view(space.core.layers[0].step.cell.base, -1)[list(LEAVES.values())] = 1
        parameter.data *= needed
        parameter.register_hook(needed.mul)
    return space if name == SPACE else without_biases(space)


def without_biases(space: LanguageModel) -> LanguageModel:
    """Torch's LSTM with the weights of the leaves that an LSTM needs."""
    core = nn.LSTM(space.core.hidden_size, space.core.hidden_size, LAYERS, bias=False)
    native = LanguageModel(core, space.softmax.out_features, dropout=0.0, tied=False)
    for part in ("embedding", "softmax"):
        getattr(native, part).load_state_dict(getattr(space, part).state_dict())
    for own, theirs in zip(core.parameters(), space.core.parameters(), strict=True):
        gates = theirs.data.view(-1, *own.shape[1:]).split(space.core.hidden_size)
        own.data.copy_(torch.cat([gates[leaf] for leaf in LEAVES.values()]))
    return native


main = command("python -m benchmarks.language", {"": (Options, measure)}, resumes=False)

if __name__ == "__main__":
    sys.exit(main())
