"""Trains one recurrent child on a text (Zoph & Le 2017, section 4.2): torch alone, no task.

A child has ``initial_state(batch)``, a tensor or nested tuples of tensors, and is called as
``child(symbols, state) -> (logits, state)``: int64 (steps, batch), logits (steps, batch,
vocabulary). Symbols are the words or the characters of the text, as numbers.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from nas_env.training.allocator import map_large_blocks
from nas_env.training.cross_entropy import cross_entropy, losses
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.outcome import Report, Training, autocast, timed, unheard
from nas_env.training.text import LanguageData, columns, detached, stretches

#: A child that takes all symbols for equally likely has a loss of ln(vocabulary). A loss over
#: this many times that counts as exploded ...
EXPLODED = 2.0
#: ... after this many steps.
WARM_UP = 20
#: Steps by which a device other than a CPU may be ahead of the check of its losses.
AHEAD = 8
#: Columns of the validation text that it takes to tell the margin of its loss.
FEWEST = 8


def train(
    child: nn.Module,
    data: LanguageData,
    recipe: LanguageRecipe,
    *,
    seed: int,
    device: torch.device,
    report: Report = unheard,
    pieces: int = 1,
) -> Training:
    """Train ``child`` in place by a resolved recipe, validating after each epoch.

    Truncated back-propagation through time (section 4.2, after Zaremba et al. 2014): the text is
    cut into columns; the state is carried from one stretch of ``recipe.steps`` symbols to the
    next, the gradient is not.

    With several ``pieces`` the columns of a batch are trained in so many parts, each with a state
    of its own, whose gradients are added up before the one step of the optimiser: the whole
    batch's gradient to rounding, except that dropout draws for each part.

    Args:
        child: The child, on ``device``.
        data: The data, on ``device``.
        recipe: A recipe with nothing left to decide.
        seed: Seed of the child's dropout; the order of the text is fixed.
        device: Device on which all of it happens.
        report: Called when training begins and after each epoch.
        pieces: Parts in which each batch is trained; no part has less than a column.

    Returns:
        The outcome, with the curves ``"training_loss"`` (nats a symbol) and
        ``"validation_perplexity"``, one value an epoch, and ``"validation_loss_margin"`` where the
        data wants margins. Training diverged where a loss was not finite or, after the first
        ``WARM_UP`` steps, over ``EXPLODED`` times the ln(vocabulary) of guessing.
    """
    result = Training({"training_loss": [], "validation_perplexity": []}, seconds={})
    report(result.progress(recipe.epochs))
    if device.type == "cpu":
        map_large_blocks()
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        steps = _Steps(child, data, recipe, device, pieces)
        held_out = data.validation[: recipe.validated(len(data.validation))]
        for epoch in range(recipe.epochs):
            with timed(result, "train"):
                loss = steps.epoch(epoch)
            if (reason := steps.watch.reason) is not None:
                result.diverged, result.reason = True, reason
                break
            result.curves["training_loss"].append(loss.item())
            with timed(result, "validate"):
                scores = _scores(child, held_out, recipe, data.margins, pieces)
            if not all(map(math.isfinite, scores.values())):
                result.diverged = True
                break
            for name, score in scores.items():
                result.curves.setdefault(name, []).append(score)
            report(result.progress(recipe.epochs))
    return result


class _Steps:
    """Takes the optimiser's steps, an epoch a call."""

    def __init__(
        self,
        child: nn.Module,
        data: LanguageData,
        recipe: LanguageRecipe,
        device: torch.device,
        pieces: int = 1,
    ):
        self.child, self.recipe, self.pieces = child, recipe, pieces
        self.stretches = stretches(columns(data.train, recipe.batch_size), recipe.steps).whole()
        self.per_epoch = recipe.steps_an_epoch(len(data.train))
        self.watch = _Watch(data.vocabulary, device)
        self.states: list[Any] = []  # of each part of the columns
        self.next = 0
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[recipe.optimiser]
        self.optimiser = kind(
            child.parameters(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=device.type == "cuda",
        )

    def epoch(self, number: int) -> Tensor:
        """Train for one epoch, or until ``watch`` sees it diverge; return the mean loss."""
        self.child.train()
        self.optimiser.param_groups[0]["lr"] = self.recipe.rate(number)
        losses = []
        for _ in range(self.per_epoch):
            losses.append(self.step())
            if self.watch.sees(losses[-1]):
                break
        self.watch.finish()
        return torch.stack(losses).mean()

    def step(self) -> Tensor:
        """Take a step on the next stretch of text; return its loss in nats a symbol, detached."""
        symbols, targets = self.stretches[self.next]
        parts, answers = _parts(symbols, self.pieces), _parts(targets, self.pieces)
        if self.next == 0:  # the text begins
            self.states = [_initial_state(self.child, part) for part in parts]
        self.next = (self.next + 1) % len(self.stretches)
        scale = len(symbols) if self.recipe.loss == "sum_over_steps" else 1
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.zeros((), device=symbols.device)
        for number, (part, right) in enumerate(zip(parts, answers, strict=True)):
            share = scale * part.shape[1] / symbols.shape[1]
            loss, state = _loss(self.child, part, right, self.states[number], self.recipe, share)
            self.states[number] = detached(state)
            loss.backward()
            total += loss.detach()
        nn.utils.clip_grad_norm_(self.child.parameters(), self.recipe.max_gradient_norm)
        self.optimiser.step()
        return total / scale


class _Watch:
    """Checks each loss: on a CPU at once; elsewhere ``AHEAD`` steps later.

    By then the step is long done, so the host hardly waits and the device always has work.
    """

    def __init__(self, vocabulary: int, device: torch.device):
        self.bound = EXPLODED * math.log(max(vocabulary, 2))
        self.ahead = 0 if device.type == "cpu" else AHEAD
        self.pending: deque[tuple[Tensor, torch.Event | None]] = deque()
        self.seen = 0
        self.reason: str | None = None

    def sees(self, loss: Tensor) -> bool:
        """Take a loss in nats a symbol; return whether one so far shows divergence."""
        copy = loss.to("cpu", non_blocking=True)
        event = None if loss.device.type == "cpu" else torch.Event(loss.device)
        if event is not None:  # happens when the copy has been made
            event.record()
        self.pending.append((copy, event))
        if len(self.pending) > self.ahead:
            self._check()
        return self.reason is not None

    def finish(self) -> None:
        """Check the losses that are left."""
        while self.pending:
            self._check()

    def _check(self) -> None:
        loss, event = self.pending.popleft()
        if event is not None:
            event.synchronize()
        value = loss.item()
        self.seen += 1
        if self.reason is not None:
            return
        if not math.isfinite(value):
            self.reason = "the loss was not finite"
        elif self.seen > WARM_UP and value > self.bound:
            self.reason = f"the loss exploded to {value:.3g} (guessing has {self.bound / 2:.3g})"


def _scores(
    child: nn.Module, text: Tensor, recipe: LanguageRecipe, margins: bool, pieces: int
) -> dict[str, float]:
    """Return what is measured of a child on the validation text, by the names of the curves."""
    if not margins:
        return {"validation_perplexity": perplexity(child, text, recipe, pieces)}
    of_columns = column_losses(child, text, recipe, pieces)
    scores = {"validation_perplexity": _exponential(of_columns.mean().item())}
    if len(of_columns) >= FEWEST:
        scores["validation_loss_margin"] = margin(of_columns)
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
    for part in _parts(cut, pieces):
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
    for part in _parts(cut, pieces):
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
    state = _initial_state(child, cut)
    for symbols, targets in stretches(cut, recipe.steps):
        with autocast(recipe, symbols.device):
            logits, state = child(symbols, state)
        yield logits, targets


def _parts(rows: Tensor, pieces: int) -> tuple[Tensor, ...]:
    """Cut the columns of some rows into parts of about one size: (steps, columns)."""
    return rows.tensor_split(min(pieces, rows.shape[1]), dim=1)


def _initial_state(child: nn.Module, rows: Tensor) -> Any:
    return child.initial_state(rows.shape[1])  # type: ignore[operator]


def _exponential(mean: float) -> float:
    """Return e to the power of a mean loss; infinite where that is no number any more."""
    return math.exp(mean) if mean < 700 else math.inf


def _loss(
    child: nn.Module,
    symbols: Tensor,
    targets: Tensor,
    state: Any,
    recipe: LanguageRecipe,
    scale: float,
) -> tuple[Tensor, Any]:
    """Return ``scale`` times the mean loss in nats a symbol, and the state after the last."""
    with autocast(recipe, symbols.device):
        logits, state = child(symbols, state)
    return cross_entropy(logits.flatten(0, 1), targets.flatten(), scale), state
