"""Trains one recurrent child on a text (Zoph & Le 2017, section 4.2): torch alone, no task.

A child has ``initial_state(batch)``, a tensor or nested tuples of tensors, and is called as
``child(tokens, state) -> (logits, state)``: int64 (steps, batch), logits (steps, batch, types).
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import torch
from torch import Tensor, nn

from nas_env.training.allocator import map_large_blocks
from nas_env.training.cross_entropy import cross_entropy
from nas_env.training.language_recipe import LanguageRecipe
from nas_env.training.outcome import Report, Training, autocast, timed, unheard
from nas_env.training.text import LanguageData, columns, detached, stretches

#: The loss of a child that says all tokens are equally likely is ln(types). One that is worse
#: than this many times that has exploded, ...
EXPLODED = 2.0
#: ... unless it is one of the first steps.
WARM_UP = 20
#: Steps that another device than a CPU may be ahead of the look at its loss.
AHEAD = 8


def train(
    child: nn.Module,
    data: LanguageData,
    recipe: LanguageRecipe,
    *,
    seed: int,
    device: torch.device,
    report: Report = unheard,
) -> Training:
    """Train ``child`` in place by a resolved recipe, validating after each epoch.

    Truncated back-propagation through time (section 4.2, after Zaremba et al. 2014): the text is
    cut into columns, the state is carried from one stretch of ``recipe.steps`` tokens to the
    next, the gradient is not.

    Args:
        child: On ``device``.
        data: On ``device``.
        recipe: With nothing left to decide.
        seed: Of the child's dropout; the order of the text is fixed.
        device: Where all of it happens.
        report: Called when training begins and after each epoch.

    Returns:
        Curves ``"training_loss"`` (nats a token) and ``"validation_perplexity"``, one value an
        epoch. It diverged where a loss was not finite, or, after the first ``WARM_UP`` steps,
        over ``EXPLODED`` times the ln(types) of guessing.
    """
    result = Training({"training_loss": [], "validation_perplexity": []}, seconds={})
    report(result.progress(recipe.epochs))
    if device.type == "cpu":
        map_large_blocks()
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        steps = _Steps(child, data, recipe, device)
        for epoch in range(recipe.epochs):
            with timed(result, "train"):
                loss = steps.epoch(epoch)
            if (reason := steps.watch.reason) is not None:
                result.diverged, result.reason = True, reason
                break
            result.curves["training_loss"].append(loss.item())
            with timed(result, "validate"):
                score = perplexity(child, data.validation, recipe)
            if not math.isfinite(score):
                result.diverged = True
                break
            result.curves["validation_perplexity"].append(score)
            report(result.progress(recipe.epochs))
    return result


class _Steps:
    """The optimiser's side of the training: one call an epoch."""

    def __init__(
        self, child: nn.Module, data: LanguageData, recipe: LanguageRecipe, device: torch.device
    ):
        self.child, self.recipe = child, recipe
        found = stretches(columns(data.train, recipe.batch_size), recipe.steps)
        size = found[0][0].shape
        self.stretches = [pair for pair in found if pair[0].shape == size]  # no shorter last one
        self.watch = _Watch(data.types, device)
        self.state: Any = None
        self.next = 0
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[recipe.optimiser]
        self.optimiser = kind(
            child.parameters(),
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
            fused=device.type == "cuda",
        )

    def epoch(self, number: int) -> Tensor:
        """One epoch: its mean loss a token, unless ``watch`` has seen it diverge."""
        self.child.train()
        self.optimiser.param_groups[0]["lr"] = self.recipe.rate(number)
        count = len(self.stretches)
        if self.recipe.tokens is not None:
            count = min(count, max(1, self.recipe.tokens // self.stretches[0][0].numel()))
        losses = []
        for _ in range(count):
            losses.append(self.step())
            if self.watch.sees(losses[-1]):
                break
        self.watch.finish()
        return torch.stack(losses).mean()

    def step(self) -> Tensor:
        """Take a step on the next stretch of text; return its loss in nats a token, detached."""
        tokens, targets = self.stretches[self.next]
        if self.next == 0:  # the text begins
            self.state = self.child.initial_state(tokens.shape[1])  # type: ignore[operator]
        self.next = (self.next + 1) % len(self.stretches)
        scale = len(tokens) if self.recipe.loss == "sum_over_steps" else 1
        loss, state = _loss(self.child, tokens, targets, self.state, self.recipe, scale)
        self.state = detached(state)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.child.parameters(), self.recipe.max_gradient_norm)
        self.optimiser.step()
        return loss.detach() / scale


class _Watch:
    """Looks at each loss: on a CPU at once; elsewhere ``AHEAD`` steps later, when it is there.

    The host then waits for a step that is long done, and the device never runs dry.
    """

    def __init__(self, types: int, device: torch.device):
        self.bound = EXPLODED * math.log(max(types, 2))
        self.ahead = 0 if device.type == "cpu" else AHEAD
        self.pending: deque[tuple[Tensor, torch.Event | None]] = deque()
        self.seen = 0
        self.reason: str | None = None

    def sees(self, loss: Tensor) -> bool:
        """Take a loss; whether one so far shows that training has diverged."""
        copy = loss.to("cpu", non_blocking=True)
        event = None if loss.device.type == "cpu" else torch.Event(loss.device)
        if event is not None:  # the copy is there when all before it is done
            event.record()
        self.pending.append((copy, event))
        if len(self.pending) > self.ahead:
            self._look()
        return self.reason is not None

    def finish(self) -> None:
        """Look at all that are left."""
        while self.pending:
            self._look()

    def _look(self) -> None:
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


@torch.no_grad()
def perplexity(child: nn.Module, tokens: Tensor, recipe: LanguageRecipe) -> float:
    """The exponential of the mean loss in nats a token; not finite where a logit is not.

    The text is cut into columns as for training: each begins with the initial state, and the
    last tokens, too few for another row, are left out.
    """
    child.eval()
    cut = columns(tokens, recipe.batch_size)
    state = child.initial_state(cut.shape[1])  # type: ignore[operator]
    total = torch.zeros((), dtype=torch.float64, device=tokens.device)
    for inputs, targets in stretches(cut, recipe.steps):
        loss, state = _loss(child, inputs, targets, state, recipe)
        total += loss * targets.numel()
    mean = total.item() / (cut.numel() - cut.shape[1])
    return math.exp(mean) if mean < 700 else math.inf


def _loss(
    child: nn.Module,
    tokens: Tensor,
    targets: Tensor,
    state: Any,
    recipe: LanguageRecipe,
    scale: float = 1.0,
) -> tuple[Tensor, Any]:
    """The mean cross-entropy in nats a token, times ``scale``, and the state after the last."""
    with autocast(recipe, tokens.device):
        logits, state = child(tokens, state)
    return cross_entropy(logits.flatten(0, 1), targets.flatten(), scale), state
