"""Words a second of a found cell, beside a plain loop of the same cell and torch's own LSTM.

python -m benchmarks.recurrent      # some minutes

Whole training steps of the language model on one core, all models in turns within one run; the
best turn of each counts. Each has a process of its own. The plain loop and ``nn.LSTM`` are as a
user has them: torch's cross entropy, the allocator as Python starts it. The found cell, and the
LSTM of a reference row, are trained as the engine does (``nas_env.training``).
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal

import torch
from torch.nn import functional

from benchmarks._results import save
from nas_env.benchmark._processes import processes
from nas_env.command_line.program import command
from nas_env.training.allocator import map_large_blocks
from nas_env.training.cross_entropy import cross_entropy
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.outcome import recurrent_autocast
from search_spaces import published_architecture
from search_spaces.recurrent_cell._cell import parse_cell
from search_spaces.recurrent_cell._network import LanguageModel, cell_model, reference_model
from tests._naive_cell import NaiveLayers

CORES = ("plain loop", "nn.LSTM", "found cell", "nn.LSTM in the engine")
ENGINE, LSTMS = CORES[2:], CORES[1::2]
STEPS, BATCH, LAYERS, VOCABULARY = 35, 20, 2, 10_000  # Zaremba's medium recipe, Penn Treebank


@dataclass(frozen=True)
class Options:
    """Time training steps.

    Attributes:
        hidden: Units of each layer.
        rounds: Turns of each model.
        steps: Training steps of each turn.
    """

    hidden: int = 200
    rounds: int = 6
    steps: int = 2


def measure(options: Options) -> None:
    """Time all in turns, print, and keep the figures."""
    best: dict[tuple[str, str], float] = {}
    with ExitStack() as stack:
        pools = {core: stack.enter_context(pool(core)) for core in CORES}
        for _ in range(options.rounds):
            for core, precision in product(CORES, ("float32", "bfloat16")):
                timed = pools[core].submit(rate, core, precision, options.hidden, options.steps)
                best[core, precision] = max(best.get((core, precision), 0.0), timed.result())
    top = {core: max(best[core, "float32"], best[core, "bfloat16"]) for core in CORES}
    figures = {f"{' '.join(name)}: words/s": round(value) for name, value in best.items()}
    figures |= {
        "x the plain loop in float32": round(top["found cell"] / best["plain loop", "float32"], 2),
        "x the plain loop": round(top["found cell"] / top["plain loop"], 2),
        **{f"{lstm} x the found cell": round(top[lstm] / top["found cell"], 2) for lstm in LSTMS},
    }
    for name, value in figures.items():
        print(f"{name:40} {value:>10,}")
    save("recurrent", f"python -m benchmarks.recurrent --hidden {options.hidden}", figures)


def pool(core: str) -> AbstractContextManager[ProcessPoolExecutor]:
    """Return the process of one model; the allocator is part of the engine."""
    engine = core in ENGINE
    return processes(1, engine=engine, settle=map_large_blocks if engine else None)


def rate(core: str, precision: Literal["float32", "bfloat16"], hidden: int, steps: int) -> float:
    """Take training steps on random words; return how many words a second."""
    model = make(core, hidden)
    words = torch.randint(VOCABULARY, (STEPS + 1, BATCH))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    recipe = LanguageRecipe(precision=precision)
    loss_of = cross_entropy if core in ENGINE else functional.cross_entropy
    begun = time.perf_counter()
    for _ in range(steps):
        with recurrent_autocast(recipe, torch.device("cpu")):
            logits, _ = model(words[:-1], model.initial_state(BATCH))
            loss = loss_of(logits.flatten(0, 1), words[1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return steps * STEPS * BATCH / (time.perf_counter() - begun)


@lru_cache
def make(core: str, hidden: int) -> LanguageModel:
    """Return a language model around a core; the cell is the published NASCell."""
    sizes = {"vocabulary": VOCABULARY, "hidden": hidden, "layers": LAYERS, "dropout": 0.0}
    description = published_architecture("nascell")
    if "LSTM" in core:
        return reference_model("lstm", **sizes)
    if core == "found cell":
        return cell_model(parse_cell(description), **sizes)
    plain = NaiveLayers(description, hidden, LAYERS)
    plain.input_size = plain.hidden_size = hidden  # type: ignore[assignment]
    plain.num_layers = LAYERS  # type: ignore[assignment]
    return LanguageModel(plain, VOCABULARY, dropout=0.0, tied=False)


main = command("python -m benchmarks.recurrent", Options, measure)

if __name__ == "__main__":
    sys.exit(main())
