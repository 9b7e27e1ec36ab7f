"""Train an LSTM written in the space beside torch's own, by one loop: as they come, or matched.

NAS_DATA=... python -m benchmarks.language                # PTB; an hour on two slow cores
NAS_DATA=... python -m benchmarks.language --matched      # as long
NAS_DATA=... python -m benchmarks.language --device cuda --epochs 2     # some minutes

Both LSTMs have the same hidden size and are trained by the same loop with the recipe of Zaremba's
medium model (without its dropout, as their small model of 200 units); the seeds are the pairs. All
trainings go side by side, a process each; on a GPU they share it.

By default they are as they come: the LSTM of the space has no biases, and sums its output gate
over four leaves and its forget gate over two. ``--matched`` makes them one and the same function
of the same first weights: the leaves that an LSTM does not need are held at zero, and torch's has
no biases. What is left is how it is computed. (With the medium model's ±0.05 a hundred units
without biases have next to no signal at the start.)

Torch, numpy and scipy are all that it imports, so that it runs on a bare machine with a GPU.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks._results import save
from nas_env.benchmark._processes import in_processes
from nas_env.benchmark._statistics import mean_interval
from nas_env.command_line.program import command
from nas_env.machine import cores
from nas_env.tasks import make_task
from nas_env.training.language import train
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.text import LanguageData
from search_spaces import published_architecture
from search_spaces.recurrent_cell._cell import parse_cell
from search_spaces.recurrent_cell._network import LanguageModel, cell_model, reference_model

SPACE, NATIVE = "LSTM of the space", "torch.nn.LSTM"
MODELS = (SPACE, NATIVE)
LAYERS = 2
LEAVES = {"input": 2, "forget": 0, "candidate": 3, "output": 4}  # in torch's order; others: zero


@dataclass(frozen=True)
class Options:
    """Train both LSTMs.

    Attributes:
        device: ``cpu`` or ``cuda``.
        task: A language task.
        epochs: Epochs of each training.
        hidden: Units of each layer.
        init_range: Every weight starts uniform in ± this.
        matched: Make both the same function of the same first weights.
        seeds: Trainings of each LSTM.
        train_size: Training words; 0 for all.
        workers: Trainings side by side.
    """

    device: str = "cuda" if torch.cuda.is_available() else "cpu"
    task: str = "penn_treebank"
    epochs: int = 8
    hidden: int = 100
    init_range: float = 0.2
    matched: bool = False
    seeds: int = 3
    train_size: int = 0
    workers: int = cores()

    @property
    def command(self) -> str:
        """The command line that gives these options, without the number of processes."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        matched = " --matched" * given.pop("matched")
        del given["workers"]
        settings = " ".join(f"--{k.replace('_', '-')} {v}" for k, v in given.items())
        return f"python -m benchmarks.language {settings}{matched}"


def measure(options: Options) -> None:
    """Train, print and keep the perplexities."""
    make_task(options.task).verify()
    figures = measured(options)
    for name, value in figures.items():
        print(f"{name}: {value}")
    save("language_matched" if options.matched else "language", options.command, figures)


def measured(options: Options) -> dict[str, Any]:
    """Return the perplexities of both after each epoch, and their ratio."""
    jobs = [(options, *job) for job in product(range(options.seeds), MODELS)]
    curves = in_processes(perplexities, jobs, min(options.workers, len(jobs)))
    found = {model: np.array(curves[i :: len(MODELS)]) for i, model in enumerate(MODELS)}
    last = {model: values[:, -1] for model, values in found.items()}
    ratio = mean_interval(last[SPACE] / last[NATIVE])
    cuda = options.device.startswith("cuda")
    return {
        "device": torch.cuda.get_device_name(options.device) if cuda else "cpu",
        "validation perplexity by seed and epoch": {k: v.tolist() for k, v in found.items()},
        "space / native, mean of the pairs": ratio.value,
        "half its 95% interval": ratio.half,
    }


def perplexities(job: tuple[Options, int, str]) -> list[float]:
    """Return the validation perplexity of one training after each epoch."""
    options, seed, name = job
    device = torch.device(options.device)
    size = {"train_size": options.train_size} if options.train_size else {}
    task = make_task({"name": options.task, **size})
    data: LanguageData = task.search_data()  # type: ignore[attr-defined]
    recipe = LanguageRecipe(epochs=options.epochs).resolved(device.type)
    torch.manual_seed(seed)
    child = model(options, name, data.vocabulary).to(device)
    if options.matched and name == SPACE:
        hold_at_zero(child)
    result = train(child, data.to(device), recipe, seed=seed, device=device)
    assert not result.diverged, result.reason
    return result.curves["validation_perplexity"]


def model(options: Options, name: str, vocabulary: int) -> LanguageModel:
    """Return one of the two language models, with its first weights."""
    size: dict[str, Any] = {
        "vocabulary": vocabulary,
        "hidden": options.hidden,
        "dropout": 0.0,
        "init_range": options.init_range,
    }
    if name == NATIVE and not options.matched:
        return reference_model("lstm", **size)
    space = cell_model(parse_cell(published_architecture("lstm")), **size)
    return without_biases(space) if name == NATIVE else space


def hold_at_zero(space: LanguageModel) -> None:
    """Make the leaves that an LSTM does not need zero, and let no gradient reach them."""
    for parameter in space.core.parameters():
        needed = torch.zeros_like(parameter)
        needed.view(space.core.layers[0].step.cell.base, -1)[list(LEAVES.values())] = 1
        parameter.data *= needed
        parameter.register_hook(needed.mul)


def without_biases(space: LanguageModel) -> LanguageModel:
    """Return torch's LSTM with the weights of the leaves that an LSTM needs."""
    core = nn.LSTM(space.core.hidden_size, space.core.hidden_size, LAYERS, bias=False)
    native = LanguageModel(core, space.softmax.out_features, dropout=0.0, tied=False)
    for part in ("embedding", "softmax"):
        getattr(native, part).load_state_dict(getattr(space, part).state_dict())
    for own, theirs in zip(core.parameters(), space.core.parameters(), strict=True):
        gates = theirs.data.view(-1, *own.shape[1:]).split(space.core.hidden_size)
        own.data.copy_(torch.cat([gates[leaf] for leaf in LEAVES.values()]))
    return native


main = command("python -m benchmarks.language", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
