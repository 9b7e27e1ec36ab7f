"""Measure a recurrent child on a text: its perplexity, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from nas_env.training.cross_entropy import cross_entropy, losses
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.outcome import recurrent_autocast
from nas_env.training.text import columns, stretches

#: Columns of a text that it takes to tell the margin of its loss.
FEWEST = 8


def scores_of(
    child: nn.Module, text: Tensor, recipe: LanguageRecipe, margins: bool, pieces: int
) -> dict[str, float]:
    """Return what is measured of a child on a text, by its name without the split."""
    if not margins:
        return {"perplexity": perplexity(child, text, recipe, pieces)}
    of_columns = column_losses(child, text, recipe, pieces)
    scores = {"perplexity": _exponential(of_columns.mean().item())}
    if len(of_columns) >= FEWEST:
        scores["loss_margin"] = margin(of_columns)
    return scores


def margin(losses: Tensor) -> float:
    """Return half of the 95% interval of a mean of losses, float64 (n,): Student's, n - 1 degrees.

    Example:
        >>> losses = torch.arange(20, dtype=torch.float64)
        >>> round(margin(losses) / (losses.std().item() / 20**0.5), 2)
        2.09
    """
    z, degrees = 1.96, len(losses) - 1
    quantile = z + (z**3 + z) / (4 * degrees)
    quantile += (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)  # Abramowitz & Stegun, 26.7.5
    return quantile * losses.std().item() / math.sqrt(len(losses))


@torch.no_grad()
def perplexity(child: nn.Module, text: Tensor, recipe: LanguageRecipe, pieces: int = 1) -> float:
    """Return the exponential of the mean loss in nats a symbol; not finite where a logit is not.

    The text is cut into columns as for training: each begins with the initial state, and the
    last symbols, too few for another row, are left out. The columns are read in so many pieces,
    one after the other.
    """
    cut = columns(text, recipe.batch_size)
    total = torch.zeros((), dtype=torch.float64, device=text.device)
    for part in parts(cut, pieces):
        for logits, targets in _guesses(child, part, recipe):
            total += cross_entropy(logits.flatten(0, 1), targets.flatten()) * targets.numel()
    return _exponential(total.item() / (cut.numel() - cut.shape[1]))


@torch.no_grad()
def column_losses(
    child: nn.Module, text: Tensor, recipe: LanguageRecipe, pieces: int = 1
) -> Tensor:
    """Return the mean loss of each column of a text in nats a symbol: float64 (columns,).

    The columns are equally long, so that the mean of them is the text's, of :func:`perplexity`.
    They are pieces of the text that lie apart: how much they differ tells how far their mean would
    move on another text of the same kind.
    """
    cut = columns(text, recipe.batch_size)
    found = []
    for part in parts(cut, pieces):
        total = torch.zeros(part.shape[1], dtype=torch.float64, device=text.device)
        for logits, targets in _guesses(child, part, recipe):
            total += losses(logits.flatten(0, 1), targets.flatten()).view(targets.shape).sum(dim=0)
        found.append(total / (len(cut) - 1))
    return torch.cat(found).cpu()


def _guesses(
    child: nn.Module, cut: Tensor, recipe: LanguageRecipe
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the logits of each stretch of a cut text, and what was to be guessed."""
    child.eval()
    state = initial_state(child, cut)
    for symbols, targets in stretches(cut, recipe.steps):
        with recurrent_autocast(recipe, symbols.device):
            logits, state = child(symbols, state)
        yield logits, targets


def parts(rows: Tensor, pieces: int) -> tuple[Tensor, ...]:
    """Cut the columns of some rows into parts of about one size: (steps, columns)."""
    return rows.tensor_split(min(pieces, rows.shape[1]), dim=1)


def initial_state(child: nn.Module, rows: Tensor) -> Any:
    """Return the state with which a child begins some columns: (steps, columns)."""
    return child.initial_state(rows.shape[1])  # type: ignore[operator]


def _exponential(mean: float) -> float:
    """Return e to the power of a mean loss; infinite where that is no number any more."""
    return math.exp(mean) if mean < 700 else math.inf
