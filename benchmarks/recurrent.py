"""Tokens a second of a found cell: beside a plain loop of the same cell, and torch's own LSTM.

python -m benchmarks.recurrent      # some minutes

Whole training steps of the language model on one core, all models in turns within one run; the
best turn of each counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import tyro
from torch import nn
from torch.nn import functional

from benchmarks._results import save
from search_spaces import published_architecture
from search_spaces._recurrent_network import LanguageModel, cell_model, reference_model
from search_spaces.recurrent_cell import RecurrentCellSpace
from tests._naive_cell import NaiveLayers

STEPS, BATCH, LAYERS, VOCABULARY = 35, 20, 2, 10_000  # Zaremba's medium recipe, Penn Treebank


@dataclass(frozen=True)
class Options:
    """Time training steps.

    Attributes:
        hidden: Units of each layer.
        rounds: Turns of each model.
        steps: Training steps of a turn.
    """

    hidden: int = 200
    rounds: int = 4
    steps: int = 2


def main(options: Options) -> None:
    """Time all in turns, print, and keep the figures."""
    torch.set_num_threads(1)
    turns: dict[str, Callable[[], float]] = {}
    for core in ("plain loop", "found cell", "nn.LSTM"):
        model = make(core, options.hidden)
        for precision in ("float32", "bfloat16"):
            turns[f"{core}, {precision}"] = turn(model, precision, options.steps)
    best = dict.fromkeys(turns, 0.0)
    for _ in range(options.rounds):
        for name, timed in turns.items():
            best[name] = max(best[name], timed())
    ours = max(best["found cell, float32"], best["found cell, bfloat16"])
    plain = best["plain loop, float32"]
    lstm = max(best["nn.LSTM, float32"], best["nn.LSTM, bfloat16"])
    figures = {f"{name}: tokens/s": round(rate) for name, rate in best.items()}
    ratios = {"x plain loop": round(ours / plain, 2), "nn.LSTM x ours": round(lstm / ours, 2)}
    for name, value in {**figures, **ratios}.items():
        print(f"{name:32} {value:>10,}")
    save("recurrent", "python -m benchmarks.recurrent", {**figures, **ratios})


def make(core: str, hidden: int) -> LanguageModel:
    """A language model around a core; the cell is the published NASCell."""
    sizes = {"vocabulary": VOCABULARY, "hidden": hidden, "layers": LAYERS, "dropout": 0.0}
    description = published_architecture("nascell")
    if core == "nn.LSTM":
        return reference_model("lstm", **sizes)
    if core == "found cell":
        return cell_model(RecurrentCellSpace().parse(description), **sizes)
    plain = NaiveLayers(description, hidden, LAYERS)
    plain.hidden_size, plain.num_layers = hidden, LAYERS  # type: ignore[assignment]
    return LanguageModel(plain, VOCABULARY, dropout=0.0, tied=False)


def turn(model: nn.Module, precision: str, steps: int) -> Callable[[], float]:
    """Training steps on random words: tokens a second."""
    tokens = torch.randint(VOCABULARY, (STEPS + 1, BATCH))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")

    def timed() -> float:
        begun = time.perf_counter()
        for _ in range(steps):
            with autocast:
                logits, _ = model(tokens[:-1], model.initial_state(BATCH))  # type: ignore[operator]
                loss = functional.cross_entropy(logits.flatten(0, 1), tokens[1:].flatten())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return steps * STEPS * BATCH / (time.perf_counter() - begun)

    return timed


if __name__ == "__main__":
    main(tyro.cli(Options))
