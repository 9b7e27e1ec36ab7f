"""Trains one convolutional child (Zoph & Le 2017, section 4.1): torch alone, no task, no store."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from nas_env.training.augmentation import ImageData, Views
from nas_env.training.averaging import slow_weights
from nas_env.training.checkpoints import NONE, Checkpoints, State, learned, load_learned
from nas_env.training.data import Tested
from nas_env.training.fitting import Fitted
from nas_env.training.growing import grown
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.logits import logits_of
from nas_env.training.optimiser import make_optimiser, set_rate
from nas_env.training.outcome import Report, Training, autocast, timed, unheard
from nas_env.training.pixels import Size
from nas_env.training.schedules import schedule

# The most that is validated at once; they bound the memory of a forward pass without gradients.
VALIDATION_IMAGES = 1_000
VALIDATION_PIXELS = VALIDATION_IMAGES * 32 * 32


class Scores(NamedTuple):
    """The scores of a child on images; NaN where a logit was not finite.

    Attributes:
        accuracy: Share of the images that are classified correctly.
        balanced_accuracy: Mean of that share over the classes that the images have.
    """

    accuracy: float
    balanced_accuracy: float


def train(
    child: nn.Module,
    data: ImageData,
    recipe: ImageRecipe,
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

    With several ``pieces`` each batch is cut into so many parts, whose gradients are added up
    before the one step of the optimiser. That gradient is the whole batch's to rounding, unless
    the child normalises over the batch: it then does so over each part by itself, which is ghost
    batch normalisation (Hoffer et al. 2017, 1705.08741).

    Args:
        child: Network on ``device``.
        data: Images and labels on ``device``.
        recipe: Complete settings of the training.
        seed: Seed of the order of the images and of their augmentation.
        device: Device on which the child is trained.
        report: Function that is called when training begins and after each epoch.
        pieces: Parts in which each batch is trained; no part has fewer than two images.
        tested: Function that returns the data with its test split; None for a search.
        checkpoints: The last checkpoint, from which training continues, and the next ones.

    Returns:
        Curves ``"training_loss"``, ``"validation_accuracy"`` and
        ``"validation_balanced_accuracy"`` (fractions), one value an epoch; of a final training the
        first curve, and ``"test_accuracy"`` and ``"test_balanced_accuracy"``.
    """
    views = data.views(recipe)
    child.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    recipe.set_up(child)
    if recipe.compile:
        child.compile()  # in place, so that the weights keep their names
    steps = _Steps(child, views, recipe, torch.Generator(device).manual_seed(seed), pieces)
    names = ("training_loss", "validation_accuracy", "validation_balanced_accuracy")
    result = Training({name: [] for name in names[: 3 if tested is None else 1]}, seconds={})
    checkpoints.restore(steps, result)
    report(result.progress(recipe.epochs))
    for epoch in range(result.epochs, recipe.epochs):
        with timed(result, "train"):
            for _ in steps.epoch(epoch):
                checkpoints.keep(steps, result)
            loss = steps.loss.item()  # within the time: a GPU is done only when it is read
        if not math.isfinite(loss):
            result.diverged = True
            break
        result.curves["training_loss"].append(loss)
        if tested is None:
            with timed(result, "validate"), steps.average.applied():
                scores = validate(child, views, recipe, pieces)
            if math.isnan(scores.accuracy):
                result.diverged = True
                break
            result.curves["validation_accuracy"].append(scores.accuracy)
            result.curves["validation_balanced_accuracy"].append(scores.balanced_accuracy)
        report(result.progress(recipe.epochs))
    steps.average.exchange()
    steps.fitted.train()
    if tested is not None and not result.diverged:
        _test(child, tested, recipe, result, pieces)
    return result


def _test(
    child: nn.Module, tested: Tested, recipe: ImageRecipe, result: Training, pieces: int
) -> None:
    """Measure a child once on the data with its test split, after the last step."""
    with timed(result, "validate"):
        data = tested()
        scores = validate(child, data.views(recipe), recipe, pieces)
    result.diverged = math.isnan(scores.accuracy)
    result.tested = {f"test_{name}": score for name, score in scores._asdict().items()}
    result.tested["test_examples"] = data.sizes[1]


class _Steps:
    """The optimiser's side of the training, which may end and continue after any step."""

    def __init__(
        self,
        child: nn.Module,
        views: Views,
        recipe: ImageRecipe,
        generator: torch.Generator,
        pieces: int = 1,
    ):
        self.pieces = pieces
        self.child, self.views, self.recipe, self.generator = child, views, recipe, generator
        self.device = generator.device
        self.per_epoch = recipe.steps_an_epoch(len(views.train_labels))
        self.factor = schedule(recipe)
        self.optimiser = make_optimiser(child, recipe, self.device)
        self.fitted = Fitted(child, views)
        self.average = slow_weights(child, recipe)
        self.mirrored = self._first_mirrored() if recipe.flip and recipe.alternate_flip else None
        self.order = torch.zeros(0, dtype=torch.int64, device=self.device)
        self.done = 0  # steps of the epoch
        self.total = torch.zeros((), device=self.device)  # of their losses

    def _first_mirrored(self) -> Tensor:
        """Draw which of all training images are mirrored in the first epoch: bool (n,)."""
        shape = (len(self.views.train_labels),)
        return torch.randint(2, shape, generator=self.generator, device=self.device).bool()

    @property
    def loss(self) -> Tensor:
        """The mean loss of an epoch, not finite where it diverged."""
        return self.total / self.per_epoch

    def epoch(self, number: int) -> Iterator[None]:
        """Take the steps of an epoch that are left of it, yielding after each.

        On a CPU a loss that is not finite ends the epoch at once. On other devices reading it
        would make the host wait at every step, so that it is read once, when the epoch is over.
        """
        self.child.train()
        fitted = self.recipe.fitted_epochs
        self.fitted.train(fitted is None or number < fitted)
        if not len(self.order):
            self.order, self.done, self.total = self._drawn(), 0, torch.zeros_like(self.total)
        while self.done < self.per_epoch:
            progress = number + self.done / self.per_epoch
            rate = self.recipe.learning_rate * self.factor(progress / self.recipe.epochs)
            set_rate(self.optimiser, rate)
            start = self.done * self.recipe.batch_size
            index = self.order[start : start + self.recipe.batch_size]
            self.total += self.step(index, number, progress / self.recipe.epochs)
            self.average.update((progress + 1 / self.per_epoch) / self.recipe.epochs)
            self.done += 1
            if self.device.type == "cpu" and not torch.isfinite(self.total):
                break
            yield
        self.order = self.order[:0]

    def _drawn(self) -> Tensor:
        """Draw the order of an epoch's images."""
        count = len(self.views.train_labels)
        order = torch.randperm(count, generator=self.generator, device=self.device)
        return order[: self.recipe.images]

    def step(self, index: Tensor, epoch: int, progress: float) -> Tensor:
        """One step on the chosen images; its loss, detached."""
        mirrored = None if self.mirrored is None else self.mirrored[index] ^ bool(epoch % 2)
        images, labels = self.views.training_batch(index, self.generator, mirrored)
        images = grown(images, self.recipe, progress)
        self.optimiser.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.device)
        parts = max(1, min(self.pieces, len(index) // 2))
        for part, answers in zip(
            images.tensor_split(parts), labels.tensor_split(parts), strict=True
        ):
            with autocast(self.recipe, self.device):
                loss = functional.cross_entropy(
                    self.child(part), answers, label_smoothing=self.recipe.label_smoothing
                )
            loss = loss * (len(part) / len(images))
            loss.backward()
            total += loss.detach()
        self.optimiser.step()
        return total

    def state(self) -> State:
        """Return all that the next step depends on."""
        average = self.average.state()
        tensors = {
            **learned(self.child, self.optimiser, self.device),
            **average.tensors,
            "generator": self.generator.get_state(),
            "total": self.total,
        }
        if len(self.order):
            tensors["order"] = self.order
        if self.mirrored is not None:
            tensors["mirrored"] = self.mirrored
        return State(tensors, {**average.values, "done": self.done})

    def load_state(self, state: State) -> None:
        """Continue after the step that a state was taken after."""
        tensors = state.tensors
        load_learned(self.child, self.optimiser, self.device, tensors)
        self.average.load_state(state)
        self.generator.set_state(tensors["generator"])
        self.total = tensors["total"].to(self.device)
        self.order = tensors["order"].to(self.device)
        if self.mirrored is not None:
            self.mirrored = tensors["mirrored"].to(self.device)
        self.done = state.values["done"]


@torch.no_grad()
def validate(child: nn.Module, views: Views, recipe: ImageRecipe, pieces: int = 1) -> Scores:
    """Return the scores of a child on the validation images, of one of ``pieces`` parts at once."""
    child.eval()
    labels = views.validation_labels
    right, finite = [], torch.ones((), dtype=torch.bool, device=labels.device)
    for images, answers in views.validation_batches(max(1, at_once(views.size) // pieces)):
        with autocast(recipe, labels.device):
            logits = logits_of(child, images, recipe)
        right.append(logits.argmax(dim=1) == answers)
        finite &= torch.isfinite(logits).all()
    if not finite:
        return Scores(math.nan, math.nan)
    return scores(torch.cat(right), labels)


def at_once(size: Size) -> int:
    """Return how many images of a size are validated at once.

    Example:
        >>> at_once((8, 8)), at_once((32, 32)), at_once((96, 128)), at_once((2_000, 2_000))
        (1000, 1000, 83, 1)
    """
    height, width = size
    return max(1, min(VALIDATION_IMAGES, VALIDATION_PIXELS // (height * width)))


def scores(right: Tensor, labels: Tensor) -> Scores:
    """Return the scores of answers that were right or not, bool (n,), by their classes.

    Example:
        >>> scores(torch.tensor([True, True, True, False]), torch.tensor([2, 2, 2, 0]))
        Scores(accuracy=0.75, balanced_accuracy=0.5)
    """
    images = labels.bincount()
    hits = labels[right].bincount(minlength=len(images))
    shares = (hits.double() / images)[images > 0]
    return Scores(right.sum().item() / len(labels), shares.mean().item())
