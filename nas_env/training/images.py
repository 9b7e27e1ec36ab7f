"""Trains one convolutional child (Zoph & Le 2017, section 4.1): torch alone, no task, no store."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from nas_env.training.augmentation import ImageData, Views
from nas_env.training.outcome import Report, Training, autocast, timed, unheard
from nas_env.training.recipe import ImageRecipe
from nas_env.training.schedules import schedule

VALIDATION_BATCH = 1000  # images; bounds the memory of a forward pass without gradients


def train(
    child: nn.Module,
    data: ImageData,
    recipe: ImageRecipe,
    *,
    seed: int,
    device: torch.device,
    report: Report = unheard,
) -> Training:
    """Train ``child`` in place by a resolved recipe, validating after each epoch.

    Args:
        child: Network on ``device``.
        data: Images and labels on ``device``.
        recipe: Complete settings of the training.
        seed: Seed of the order of the images and of their augmentation.
        device: Device on which the child is trained.
        report: Function that is called when training begins and after each epoch.

    Returns:
        Curves ``"training_loss"`` and ``"validation_accuracy"`` (a fraction), one value an epoch.
    """
    views = data.views(recipe)
    child.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = _Steps(child, views, recipe, torch.Generator(device).manual_seed(seed))
    result = Training({"training_loss": [], "validation_accuracy": []}, seconds={})
    report(result.progress(recipe.epochs))
    for epoch in range(recipe.epochs):
        with timed(result, "train"):
            loss = steps.epoch(epoch)
        if not torch.isfinite(loss):
            result.diverged = True
            break
        result.curves["training_loss"].append(loss.item())
        with timed(result, "validate"):
            accuracy = validate(child, views, recipe)
        if math.isnan(accuracy):
            result.diverged = True
            break
        result.curves["validation_accuracy"].append(accuracy)
        report(result.progress(recipe.epochs))
    return result


class _Steps:
    """The optimiser's side of the training: one call an epoch."""

    def __init__(
        self, child: nn.Module, views: Views, recipe: ImageRecipe, generator: torch.Generator
    ):
        self.child, self.views, self.recipe, self.generator = child, views, recipe, generator
        self.device = generator.device
        self.per_epoch = recipe.steps_an_epoch(len(views.train_labels))
        self.factor = schedule(recipe)
        self.optimiser = torch.optim.SGD(
            child.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov and recipe.momentum > 0,
            weight_decay=recipe.weight_decay,
            fused=self.device.type == "cuda",
        )

    def epoch(self, number: int) -> Tensor:
        """Train for one epoch; the mean loss, not finite where it diverged.

        On a CPU a loss that is not finite ends the epoch at once. On other devices reading it
        would make the host wait at every step, so that it is read once, when the epoch is over.
        """
        self.child.train()
        count = len(self.views.train_labels)
        order = torch.randperm(count, generator=self.generator, device=self.device)[
            : self.recipe.images
        ]
        total = torch.zeros((), device=self.device)
        for index in range(self.per_epoch):
            progress = number + index / self.per_epoch
            rate = self.recipe.learning_rate * self.factor(progress / self.recipe.epochs)
            self.optimiser.param_groups[0]["lr"] = rate
            start = index * self.recipe.batch_size
            total += self.step(order[start : start + self.recipe.batch_size])
            if self.device.type == "cpu" and not torch.isfinite(total):
                break
        return total / self.per_epoch

    def step(self, index: Tensor) -> Tensor:
        """One step on the chosen images; its loss, detached."""
        images, labels = self.views.training_batch(index, self.generator)
        with autocast(self.recipe, self.device):
            loss = functional.cross_entropy(
                self.child(images), labels, label_smoothing=self.recipe.label_smoothing
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return loss.detach()


@torch.no_grad()
def validate(child: nn.Module, views: Views, recipe: ImageRecipe) -> float:
    """The share of validation images classified correctly; NaN where a logit is not finite."""
    child.eval()
    correct = torch.zeros((), device=views.validation_labels.device)
    for images, labels in views.validation_batches(VALIDATION_BATCH):
        with autocast(recipe, labels.device):
            logits = child(images)
        right = (logits.argmax(dim=1) == labels).sum()
        correct += torch.where(torch.isfinite(logits).all(), right, torch.nan)
    return correct.item() / len(views.validation_labels)
