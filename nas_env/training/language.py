"""Trains one recurrent child on a text (Zoph & Le 2017, section 4.2): torch alone, no task.

A child has ``initial_state(batch)``, a tensor or nested tuples of tensors, and is called as
``child(symbols, state) -> (logits, state)``: int64 (steps, batch), logits (steps, batch,
vocabulary). Symbols are the words or the characters of the text, as numbers.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn

from nas_env.training.allocator import map_large_blocks
from nas_env.training.checkpoints import NONE, Checkpoints, State, learned, load_learned
from nas_env.training.cross_entropy import cross_entropy
from nas_env.training.data import Tested
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.outcome import Report, Training, recurrent_autocast, timed, unheard
from nas_env.training.perplexity import initial_state, parts, scores_of
from nas_env.training.text import (
    LanguageData,
    columns,
    detached,
    leaves,
    stretches,
    with_leaves,
)

#: A child that takes all symbols for equally likely has a loss of ln(vocabulary). A loss over
#: this many times that counts as exploded ...
EXPLODED = 2.0
#: ... after this many steps.
WARM_UP = 20
#: Steps by which a device other than a CPU may be ahead of the check of its losses.
AHEAD = 8


def train(
    child: nn.Module,
    data: LanguageData,
    recipe: LanguageRecipe,
    *,
    seed: int,
    device: torch.device,
    report: Report = unheard,
    pieces: int = 1,
    tested: Tested | None = None,
    checkpoints: Checkpoints = NONE,
) -> Training:
    """Train ``child`` in place by a resolved recipe, validating after each epoch.

    A final training is given ``tested`` instead: nothing is validated, and after the last step the
    child is measured once on the data that ``tested`` returns.

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
        tested: Returns the data with its test split; None for a search.
        checkpoints: The last checkpoint, from which training continues, and the next ones.

    Returns:
        The outcome, with the curves ``"training_loss"`` (nats a symbol) and
        ``"validation_perplexity"``, one value an epoch, and ``"validation_loss_margin"`` where the
        data wants margins; of a final training the first curve, ``"test_perplexity"`` and, of
        enough columns, ``"test_loss_margin"``. Training diverged where a loss was not finite or,
        after the first ``WARM_UP`` steps, over ``EXPLODED`` times the ln(vocabulary) of guessing.
    """
    names = ("training_loss", "validation_perplexity")
    result = Training({name: [] for name in names[: 2 if tested is None else 1]}, seconds={})
    if device.type == "cpu":
        map_large_blocks()
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        steps = _Steps(child, data, recipe, device, pieces)
        held_out = data.validation[: recipe.validated(len(data.validation))]
        checkpoints.restore(steps, result)
        report(result.progress(recipe.epochs))
        for epoch in range(result.epochs, recipe.epochs):
            with timed(result, "train"):
                for _ in steps.epoch(epoch):
                    checkpoints.keep(steps, result)
                loss = steps.loss
            if (reason := steps.watch.reason) is not None:
                result.diverged, result.reason = True, reason
                break
            result.curves["training_loss"].append(loss.item())
            if tested is None:
                with timed(result, "validate"):
                    scores = scores_of(child, held_out, recipe, data.margins, pieces)
                if not all(map(math.isfinite, scores.values())):
                    result.diverged = True
                    break
                for name, score in scores.items():
                    result.curves.setdefault(f"validation_{name}", []).append(score)
            report(result.progress(recipe.epochs))
        if tested is not None and not result.diverged:
            with timed(result, "validate"):
                test = tested().validation
                scores = scores_of(child, test, recipe, True, pieces)
            result.diverged = not all(map(math.isfinite, scores.values()))
            scores["examples"] = len(test)
            result.tested = {f"test_{name}": score for name, score in scores.items()}
    return result


class _Steps:
    """Takes the optimiser's steps; it may end and continue after any of them."""

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
        self.losses: list[Tensor] = []  # of the epoch, nats a symbol
        self.ended = False  # the epoch
        self.device = device
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[recipe.optimiser]
        self.optimiser = kind(
            child.parameters(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=device.type == "cuda",
        )

    @property
    def loss(self) -> Tensor:
        """The mean loss of an epoch's steps."""
        return torch.stack(self.losses).mean()

    def epoch(self, number: int) -> Iterator[None]:
        """Take the steps that are left of an epoch, until ``watch`` sees it diverge."""
        self.child.train()
        self.optimiser.param_groups[0]["lr"] = self.recipe.rate(number)
        if self.ended:
            self.losses, self.ended = [], False
        while len(self.losses) < self.per_epoch:
            self.losses.append(self.step())
            if self.watch.sees(self.losses[-1]):
                break
            yield
        self.watch.finish()
        self.ended = True

    def step(self) -> Tensor:
        """Take a step on the next stretch of text; return its loss in nats a symbol, detached."""
        symbols, targets = self.stretches[self.next]
        inputs, answers = parts(symbols, self.pieces), parts(targets, self.pieces)
        if self.next == 0:  # the text begins
            self.states = [initial_state(self.child, part) for part in inputs]
        self.next = (self.next + 1) % len(self.stretches)
        scale = len(symbols) if self.recipe.loss == "sum_over_steps" else 1
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.zeros((), device=symbols.device)
        for number, (part, right) in enumerate(zip(inputs, answers, strict=True)):
            share = scale * part.shape[1] / symbols.shape[1]
            loss, state = _loss(self.child, part, right, self.states[number], self.recipe, share)
            self.states[number] = detached(state)
            loss.backward()
            total += loss.detach()
        nn.utils.clip_grad_norm_(self.child.parameters(), self.recipe.max_gradient_norm)
        self.optimiser.step()
        return total / scale

    def state(self) -> State:
        """Return all that the next step depends on; waits for the steps that are under way."""
        self.watch.finish()
        tensors = learned(self.child, self.optimiser, self.device)
        for number, state in enumerate(self.states):
            for index, each in enumerate(leaves(state)):
                tensors[f"state.{number}.{index}"] = each
        if self.losses:
            tensors["losses"] = torch.stack(self.losses)
        return State(tensors, {"next": self.next, "seen": self.watch.seen})

    def load_state(self, state: State) -> None:
        """Continue after the step that a state was taken after."""
        tensors = state.tensors
        load_learned(self.child, self.optimiser, self.device, tensors)
        self.states = []
        for number, part in enumerate(parts(self.stretches[0][0], self.pieces)):
            kept = (tensors[f"state.{number}.{index}"] for index in count())
            self.states.append(with_leaves(initial_state(self.child, part), kept))
        self.losses = list(tensors["losses"].to(self.device))
        self.next, self.watch.seen = state.values["next"], state.values["seen"]


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


def _loss(
    child: nn.Module,
    symbols: Tensor,
    targets: Tensor,
    state: Any,
    recipe: LanguageRecipe,
    scale: float,
) -> tuple[Tensor, Any]:
    """Return ``scale`` times the mean loss in nats a symbol, and the state after the last."""
    with recurrent_autocast(recipe, symbols.device):
        logits, state = child(symbols, state)
    return cross_entropy(logits.flatten(0, 1), targets.flatten(), scale), state
