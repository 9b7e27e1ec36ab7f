"""How a child is trained and what it is rewarded with; and that it never meets the test split."""

import dataclasses
import hashlib
import math
import random
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from nas_env.errors import TestSetSealed
from nas_env.evaluation._child import evaluate
from nas_env.problem import Problem
from nas_env.tasks import ImageTask, make_task, sealed_test_set, task_class, task_names
from nas_env.tasks.digits import Digits
from nas_env.training.augmentation import ImageData, Views
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.images import at_once, train, validate
from nas_env.training.pixels import centre, enlarge, random_view, reduce
from nas_env.training.schedules import schedule
from search_spaces import InvalidValue, UnknownName
from search_spaces._settings import from_mapping
from search_spaces.convolutional import ConvolutionalSpace

CPU = torch.device("cpu")
ROOT = Path(__file__).parents[1]
SMALL = {"name": "digits", "train_size": 96, "validation_size": 50}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def recipe(**changes):
    """Float32 and the images as they are, unless changed."""
    settings = {"epochs": 2, "batch_size": 16, "upsample": 0, "flip": False, "schedule": "constant"}
    return ImageRecipe(**{**settings, "precision": "float32", **changes})


def patterns(count, seed=0):
    """Noisy 8x8 images in four classes: flat, rows, columns, a chessboard."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(4, size=count)
    row, column = np.indices((8, 8)) % 2
    bright = np.stack([np.ones((8, 8)), row, column, row ^ column])
    images = rng.integers(0, 60, size=(count, 8, 8)) + 150 * bright[labels]
    return torch.tensor(images[..., None], dtype=torch.uint8), torch.tensor(labels)


def data(count=96, held_out=40):
    return ImageData(*patterns(count, seed=0), *patterns(held_out, seed=1))


def network(outputs=4):
    torch.manual_seed(0)
    space = ConvolutionalSpace(layers=1, filters=(8,), filter_sizes=(3,), skip_connections=False)
    return space.build(space.decode(()), (1, 8, 8), outputs)


class Observed(nn.Module):
    """A linear child that keeps, of each forward pass, whatever is asked of it."""

    def __init__(self, look=lambda child, x, logits: child.training):
        super().__init__()
        torch.manual_seed(0)
        self.linear, self.look, self.seen = nn.Linear(64, 4), look, []

    def forward(self, x):
        logits = self.linear(x.flatten(1))
        self.seen.append(self.look(self, x, logits))
        return logits


def trained(child, seed=0, **changes):
    return train(child, data(), recipe(**changes), seed=seed, device=CPU)


# -- what a child sees ---------------------------------------------------------------------------
def numbered(count, height, width):
    """Images in which every pixel differs from every other."""
    pixels = torch.arange(count * height * width, dtype=torch.int32)
    return pixels.reshape(count, height, width, 1)


def found(crop, image, flip):
    """Where in an image a crop was taken, and whether it is mirrored; by looking everywhere."""
    height, width = crop.shape[:2]
    for mirrored in (False, True) if flip else (False,):
        view = crop.flip(1) if mirrored else crop
        for top in range(image.shape[0] - height + 1):
            for left in range(image.shape[1] - width + 1):
                if torch.equal(image[top : top + height, left : left + width], view):
                    return top, left, mirrored
    raise AssertionError("this is no crop of the image")


@pytest.mark.parametrize("flip", [False, True])
def test_random_views_are_crops_of_their_images(flip):
    images = numbered(6, 7, 8)
    index = torch.tensor([5, 0, 3, 3, 1] * 60)
    size = (5, 6)
    views = random_view(images[index], size, flip=flip, generator=generator())
    assert views.shape == (300, 5, 6, 1) and views.dtype == images.dtype
    places = [found(v, images[i], flip) for v, i in zip(views, index, strict=True)]
    # Each of the 3 x 3 places, mirrored or not, about equally often.
    counts = {place: places.count(place) for place in places}
    assert len(counts) == 9 * (1 + flip)
    expected = 300 / len(counts)
    assert sum((n - expected) ** 2 / expected for n in counts.values()) < 40


def test_random_views_are_the_generators():
    images, index, size = numbered(6, 7, 8), torch.arange(6), (5, 6)
    views = [random_view(images[index], size, flip=True, generator=generator(s)) for s in (1, 1, 2)]
    assert torch.equal(views[0], views[1]) and not torch.equal(views[0], views[2])


def test_images_of_their_own_size_are_left_alone_but_for_the_mirror():
    images, index = numbered(4, 5, 5), torch.tensor([2, 0])
    size = (5, 5)
    views = random_view(images[index], size, flip=False, generator=generator())
    assert torch.equal(views, images[index])
    views = random_view(images[index], size, flip=True, generator=generator())
    assert all(found(v, images[i], True)[:2] == (0, 0) for v, i in zip(views, index, strict=True))


def test_enlarging_and_the_centre():
    images = torch.randint(256, (3, 32, 32, 3), dtype=torch.uint8, generator=generator())
    large = enlarge(images, 40)
    assert large.shape == (3, 40, 40, 3) and large.dtype == torch.uint8
    assert torch.equal(enlarge(images, 0), images) and torch.equal(enlarge(images, 32), images)
    middle = centre(large, (32, 32))
    assert torch.equal(middle, large[:, 4:36, 4:36])
    flat = torch.full((2, 8, 8, 1), 77, dtype=torch.uint8)
    assert torch.equal(enlarge(flat, 12), torch.full((2, 12, 12, 1), 77, dtype=torch.uint8))


def coloured(count=50):
    """Images whose channels differ in mean and in deviation."""
    noise = torch.randn(count, 6, 6, 3, generator=generator())
    pixels = noise * torch.tensor([10.0, 25.0, 40.0]) + torch.tensor([60.0, 120.0, 130.0])
    return pixels.round().clamp(0, 255).byte()


def test_whitening_per_channel():
    images, labels = coloured(), torch.zeros(50, dtype=torch.long)
    views = Views(ImageData(images, labels, images, labels), recipe())
    white = views.whiten(images)
    assert white.shape == (50, 3, 6, 6) and white.dtype == torch.float32
    deviation, mean = torch.std_mean(white, dim=(0, 2, 3))
    torch.testing.assert_close(mean, torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(deviation, torch.ones(3), atol=1e-5, rtol=0)
    # Validation images are whitened by the training images' numbers, not by their own.
    dark = Views(ImageData(images, labels, images // 2, labels), recipe())
    ((seen, _),) = dark.validation_batches(100)
    assert torch.equal(seen, views.whiten(images // 2)) and seen.mean() < -0.5


def test_whitening_per_image():
    images, labels = coloured(), torch.zeros(50, dtype=torch.long)
    views = Views(ImageData(images, labels, images, labels), recipe(whitening="image"))
    deviation, mean = torch.std_mean(views.whiten(images), dim=(1, 2, 3))
    torch.testing.assert_close(mean, torch.zeros(50), atol=1e-5, rtol=0)
    torch.testing.assert_close(deviation, torch.ones(50), atol=1e-5, rtol=0)


@pytest.mark.parametrize("whitening", ["channel", "image"])
def test_images_without_contrast_stay_finite(whitening):
    images, labels = torch.full((4, 6, 6, 1), 9, dtype=torch.uint8), torch.zeros(4).long()
    views = Views(ImageData(images, labels, images, labels), recipe(whitening=whitening))
    assert torch.equal(views.whiten(images), torch.zeros(4, 1, 6, 6))


def test_training_batches_are_views_with_their_labels():
    images, labels = patterns(20)
    views = Views(ImageData(images, labels, images, labels), recipe(upsample=10, flip=True))
    index = torch.tensor([3, 7, 3])
    seen, given = views.training_batch(index, generator())
    assert seen.shape == (3, 1, 8, 8) and torch.equal(given, labels[index])
    raw = random_view(enlarge(images, 10)[index], (8, 8), flip=True, generator=generator())
    assert torch.equal(seen, views.whiten(raw))


@pytest.mark.parametrize("view", ["crop", "original"])
def test_validation_batches_are_all_images_in_order(view):
    images, labels = patterns(25)
    views = Views(
        ImageData(images, labels, images, labels), recipe(upsample=10, validation_view=view)
    )
    batches = list(views.validation_batches(10))
    assert [len(y) for _, y in batches] == [10, 10, 5]
    assert torch.equal(torch.cat([y for _, y in batches]), labels)
    expected = centre(enlarge(images, 10), (8, 8)) if view == "crop" else images
    assert torch.equal(torch.cat([x for x, _ in batches]), views.whiten(expected))


# -- schedules -----------------------------------------------------------------------------------
def test_schedules():
    step = schedule(ImageRecipe(decay_points=(0.5, 0.75), decay_factor=0.1))
    assert [step(p) for p in (0.0, 0.49)] == [1.0, 1.0]
    assert [step(p) for p in (0.5, 0.74, 0.75, 0.99)] == pytest.approx([0.1, 0.1, 0.01, 0.01])
    cycle = schedule(ImageRecipe(schedule="one_cycle"))
    assert [cycle(p) for p in (0.0, 0.15, 0.3, 0.65)] == pytest.approx([0.1, 0.55, 1.0, 0.5])
    assert cycle(0.999) < 1e-4
    cosine = schedule(ImageRecipe(schedule="cosine"))
    expected = [1.0, (1 + math.sqrt(0.5)) / 2, 0.5]
    assert [cosine(p) for p in (0.0, 0.25, 0.5)] == pytest.approx(expected)
    constant = schedule(ImageRecipe(schedule="constant"))
    assert [constant(p) for p in (0.0, 0.9)] == [1.0, 1.0]


@pytest.mark.parametrize("name", ["step", "one_cycle", "cosine", "constant"])
def test_the_optimiser_follows_the_schedule(name):
    rates = []
    handle = register_optimizer_step_pre_hook(
        lambda optimiser, *_: rates.append(optimiser.param_groups[0]["lr"])
    )
    try:
        trained(Observed(), schedule=name, epochs=3, learning_rate=0.2)
    finally:
        handle.remove()
    factor = schedule(ImageRecipe(schedule=name))
    assert rates == pytest.approx([0.2 * factor(k / 18) for k in range(18)])


# -- training ------------------------------------------------------------------------------------
def test_it_learns():
    child = network()
    result = trained(child, epochs=6, learning_rate=0.05)
    losses, accuracies = result.curves["training_loss"], result.curves["validation_accuracy"]
    assert len(losses) == len(accuracies) == 6 and losses[-1] < losses[0] / 2
    assert accuracies[-1] > 0.9 and not result.diverged
    assert set(result.seconds) == {"train", "validate"}


def test_an_epoch_may_have_fewer_images_than_there_are():
    """Each epoch draws its own; a batch is never larger than the epoch."""
    seen = []

    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(64, 4)

        def forward(self, images):
            if self.training:
                seen.append(len(images))
            return self.layer(images.flatten(1))

    few = recipe(epochs=3, images=33)
    train(Counts(), data(), few, seed=0, device=CPU)
    assert seen == [16, 16] * 3
    seen.clear()
    train(Counts(), data(), recipe(images=5), seed=0, device=CPU)
    assert seen == [5, 5]


def test_label_smoothing_is_part_of_the_loss():
    """A child that answers alike for all classes has the loss ln 4 either way, a sure one not."""

    class Sure(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(10.0))

        def forward(self, images):
            logits = torch.zeros(len(images), 4)
            logits[:, 0] = 1.0
            return logits * self.scale

    still = recipe(epochs=1, learning_rate=0.0)
    plain = train(Sure(), data(), still, seed=0, device=CPU).curves["training_loss"][0]
    smooth = train(
        Sure(), data(), dataclasses.replace(still, label_smoothing=0.2), seed=0, device=CPU
    ).curves["training_loss"][0]
    log = torch.log_softmax(torch.tensor([10.0, 0, 0, 0]), 0)
    uniform = -log.mean().item()
    assert smooth == pytest.approx(0.8 * plain + 0.2 * uniform, rel=1e-5)


@pytest.mark.parametrize("view", ["crop", "original"])
def test_reduced_images_are_what_a_child_sees(view):
    """In training and in validation; the mean and the deviation are those of the reduced ones."""
    shapes = set()

    class Looks(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(1, 4)

        def forward(self, images):
            shapes.add(tuple(images.shape[1:]))
            return self.layer(images.mean(dim=(1, 2, 3))[:, None])

    small = recipe(resolution=4, upsample=5, validation_view=view)
    train(Looks(), data(), small, seed=0, device=CPU)
    assert shapes == {(1, 4, 4)}
    views = Views(data(), small)
    means = data().train_images.view(-1, 4, 2, 4, 2).float().mean(dim=(2, 4)).round()
    assert views.mean.item() == pytest.approx(means.mean().item(), rel=1e-4)
    assert views.deviation.item() == pytest.approx(means.std().item(), rel=1e-4)


def test_reducing_keeps_the_proportions():
    wide = torch.zeros(3, 20, 40, 2, dtype=torch.uint8)
    assert reduce(wide, 10).shape == (3, 5, 10, 2)
    assert reduce(wide, 64) is wide and reduce(wide, 0) is wide


def test_the_steps_are_nesterovs():
    """One step per batch of SGD as written out by hand, weight decay and momentum included."""
    child = Observed(look=lambda child, x, logits: child.linear.weight.detach().clone())
    result = trained(child, epochs=1, learning_rate=0.1, weight_decay=0.01, batch_size=32)
    hand, images = Observed(), data()
    views = Views(images, recipe())
    order = torch.randperm(96, generator=(ours := generator()))
    momentum = {}
    losses = []
    for index in order.split(32):
        loss = nn.functional.cross_entropy(
            hand(views.training_batch(index, ours)[0]), images.train_labels[index]
        )
        losses.append(loss.item())
        for name, weight in hand.named_parameters():
            (gradient,) = torch.autograd.grad(loss, weight, retain_graph=True)
            gradient = gradient + 0.01 * weight.detach()
            momentum[name] = 0.9 * momentum[name] + gradient if name in momentum else gradient
            weight.data -= 0.1 * (gradient + 0.9 * momentum[name])
    torch.testing.assert_close(child.linear.weight, hand.linear.weight)
    assert result.curves["training_loss"] == pytest.approx([np.mean(losses)])


def test_every_image_once_an_epoch():
    seen = []
    child = Observed(look=lambda child, x, logits: seen.extend(x) if child.training else None)
    trained(child, epochs=2, batch_size=16)
    white = Views(data(), recipe()).whiten(data().train_images)
    for epoch in (seen[:96], seen[96:]):
        assert {hash(x.numpy().tobytes()) for x in epoch} == {
            hash(x.numpy().tobytes()) for x in white
        }
    assert not torch.equal(torch.stack(seen[:96]), torch.stack(seen[96:]))


def test_the_incomplete_last_batch_is_left_out():
    child = Observed(look=lambda child, x, logits: (child.training, len(x)))
    trained(child, epochs=1, batch_size=36)
    assert child.seen == [(True, 36), (True, 36), (False, 40)]
    child = Observed(look=lambda child, x, logits: (child.training, len(x)))
    trained(child, epochs=1, batch_size=500)  # larger than all: one step on what there is
    assert child.seen == [(True, 96), (False, 40)]


def test_validation_is_in_evaluation_mode():
    child = Observed()
    trained(child, epochs=2, batch_size=48)
    assert child.seen == [True, True, False] * 2


def test_validation_changes_nothing_and_counts_what_is_right():
    child = network()
    trained(child)
    before = {name: tensor.clone() for name, tensor in child.state_dict().items()}
    views = Views(data(), recipe())
    found = validate(child, views, recipe())
    assert all(torch.equal(before[name], tensor) for name, tensor in child.state_dict().items())
    ((images, labels),) = views.validation_batches(1000)
    assert found.accuracy == (child(images).argmax(dim=1) == labels).float().mean().item()


def test_every_class_counts_the_same_in_the_balanced_accuracy():
    """Nine images of class 0 and one of class 3; children that always say one thing."""

    class Says(nn.Module):
        def __init__(self, logits):
            super().__init__()
            self.logits = torch.tensor(logits)

        def forward(self, images):
            return self.logits.expand(len(images), 4)

    images, labels = torch.zeros(10, 8, 8, 1, dtype=torch.uint8), torch.tensor([0] * 9 + [3])
    views = Views(ImageData(images, labels, images, labels), recipe())
    assert validate(Says([1.0, 0, 0, 0]), views, recipe()) == (0.9, 0.5)
    assert validate(Says([0, 0, 0, 1.0]), views, recipe()) == (0.1, 0.5)
    assert validate(Says([0, 1.0, 0, 0]), views, recipe()) == (0, 0)
    assert all(map(math.isnan, validate(Says([1.0, math.inf, 0, 0]), views, recipe())))


def test_large_images_are_validated_in_smaller_batches():
    """Of as many pixels as 1,000 images of 32 x 32 have; the result is the same."""
    assert [at_once((side, side)) for side in (8, 32, 64, 320, 5_000)] == [1_000, 1_000, 250, 10, 1]
    child = Observed(look=lambda child, x, logits: len(x))
    child.linear = nn.Linear(64 * 128, 4)
    images, labels = patterns(300)
    images = images.repeat(1, 8, 16, 1)
    views = Views(ImageData(images, labels, images, labels), recipe())
    found = validate(child, views, recipe())
    assert child.seen == [125, 125, 50]
    ((whole, _),) = views.validation_batches(300)
    assert found.accuracy == (child(whole).argmax(dim=1) == labels).double().mean().item()


def test_divergence_stops_at_once():
    """On a CPU, at the very step whose loss is not finite."""
    child = Observed(
        look=lambda child, x, logits: logits.mul_(torch.nan) if len(child.seen) == 8 else 0
    )
    result = trained(child, epochs=5)  # six steps, then one validation, an epoch
    assert result.diverged and len(child.seen) == 9
    assert {name: len(curve) for name, curve in result.curves.items()} == {
        "training_loss": 1,
        "validation_accuracy": 1,
        "validation_balanced_accuracy": 1,
    }


def test_a_learning_rate_that_is_far_too_high_diverges():
    result = trained(child := Observed(), learning_rate=1e30)
    assert result.diverged and len(child.seen) <= 3
    assert trained(network(), learning_rate=1e30, epochs=3).diverged


def test_same_seed_same_numbers():
    def run(seed):
        result = trained(child := network(), seed=seed, upsample=10, flip=True)
        return result.curves, child.state_dict()

    (curves, weights), (again, same), (other, _) = run(1), run(1), run(2)
    assert curves == again and all(torch.equal(weights[k], same[k]) for k in weights)
    assert curves != other


def test_bfloat16_runs_on_a_cpu():
    child = Observed(look=lambda child, x, logits: (logits.dtype, child.linear.weight.dtype))
    result = trained(child, precision="bfloat16")
    assert set(child.seen) == {(torch.bfloat16, torch.float32)} and not result.diverged
    child = Observed(look=lambda child, x, logits: logits.dtype)
    trained(child, precision="float32")
    assert set(child.seen) == {torch.float32}
    assert trained(network(), precision="bfloat16", epochs=1).curves["training_loss"][0] > 0


# -- recipes -------------------------------------------------------------------------------------
def test_recipes_go_to_json_values_and_are_resolved():
    paper = ImageRecipe()
    assert from_mapping(ImageRecipe, paper.spec, "recipe setting") == paper
    assert paper.resolved("cpu").precision in ("float32", "bfloat16")  # as the CPU has it
    assert paper.resolved("cuda").precision == "bfloat16"
    assert ImageRecipe(precision="float32").resolved("cuda").precision == "float32"
    facts = ("epochs", "learning_rate", "momentum", "nesterov", "weight_decay", "upsample")
    assert [paper.spec[name] for name in facts] == [50, 0.1, 0.9, True, 1e-4, 40]


@pytest.mark.parametrize(
    "changes, error",
    [
        ({"epochs": 0}, InvalidValue),
        ({"epochs": 1.5}, InvalidValue),
        ({"batch_size": 1}, InvalidValue),
        ({"learning_rate": -1}, InvalidValue),
        ({"learning_rate": math.nan}, InvalidValue),
        ({"learning_rate": math.inf}, InvalidValue),
        ({"momentum": 1}, InvalidValue),
        ({"threads": 0}, InvalidValue),
        ({"nesterov": 1}, InvalidValue),
        ({"schedule": "steps"}, UnknownName),
        ({"precision": "float16"}, UnknownName),
        ({"epoch": 1}, UnknownName),
    ],
    ids=str,
)
def test_bad_recipes_get_one_clear_line(changes, error):
    with pytest.raises(error) as caught:
        from_mapping(ImageRecipe, changes, "recipe setting")
    assert next(iter(changes)) in str(caught.value) and "\n" not in str(caught.value)


# -- an evaluation -------------------------------------------------------------------------------
def problem(space="convolutional", task=SMALL, **changes):
    settings = {"layers": 1, "filters": [4, 8], "filter_sizes": [1, 3]}
    return Problem(task, space, **settings, recipe={"epochs": 2, **changes}, device="cpu")


def evaluation(made):
    return evaluate(made.request(made.space.decode((1, 1, 1))), CPU)


def without_seconds(record):
    return dataclasses.replace(record, seconds={}, cpu_seconds=0.0)


@contextmanager
def threads(count):
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def surroundings():
    kernels = torch.backends.cudnn
    return (
        torch.get_num_threads(),
        torch.get_rng_state().tolist(),
        random.getstate(),
        repr(np.random.get_state()),
        (kernels.enabled, kernels.benchmark, kernels.deterministic),
        torch.get_default_dtype(),
    )


class Broken(ConvolutionalSpace):
    """Whose children cannot be run on more than one image."""

    def _build(self, architecture, input_shape, outputs):
        child = super()._build(architecture, input_shape, outputs)
        child.register_forward_pre_hook(self.complain)
        return child

    @staticmethod
    def complain(child, arguments):
        if len(arguments[0]) > 1:
            torch.rand(3)
            raise RuntimeError(f"{torch.get_num_threads()} thread")


def test_an_evaluation_leaves_its_surroundings_as_they_were():
    made, broken = problem(), problem(f"{__name__}:Broken")
    evaluation(made)  # what it imports for the first time may draw from Python's generator
    with threads(2):
        before = surroundings()
        assert evaluation(made).status == "ok"
        assert surroundings() == before
        failed = evaluation(broken)
        assert (failed.status, failed.error) == ("failed", "RuntimeError: 1 thread")
        assert surroundings() == before


def test_an_evaluation_depends_on_nothing_around_it():
    made = problem()
    first = evaluation(made)
    torch.manual_seed(12345)
    with threads(2):
        assert without_seconds(evaluation(made)) == without_seconds(first)


def test_the_reward_is_the_best_of_the_last_five_epochs_cubed():
    made = problem(epochs=7)
    result = evaluation(made)
    curve = result.curves["validation_accuracy"]
    assert len(curve) == 7 and result.metrics == {"validation_accuracy": max(curve[-5:])}
    assert made.objective.reward(result) == pytest.approx(max(curve[-5:]) ** 3)
    curves = {"validation_accuracy": [0.9, 0.8, 0.1, 0.3, 0.5, 0.2, 0.4]}
    assert made.task.measure(curves) == {"validation_accuracy": 0.5}
    assert made.task.measure({"validation_accuracy": [0.25]}) == {"validation_accuracy": 0.25}


@pytest.mark.parametrize("batch_size", [8, 96])
def test_an_evaluation_says_in_which_epoch_a_child_diverged(batch_size):
    """Also where it was the last step of the epoch, so that only the validation shows it."""
    result = evaluation(problem(learning_rate=1e30, schedule="constant", batch_size=batch_size))
    assert (result.status, result.metrics) == ("diverged", {})
    assert result.error == "the loss was not finite in epoch 1"


def test_what_an_evaluation_says_of_the_child():
    made = problem()
    result = evaluation(made)
    child = made.space.build(made.space.decode((1, 1, 1)), (1, 8, 8), 10)
    assert result.parameters == sum(p.numel() for p in child.parameters())
    assert result.flops == 2 * (8 * 9 * 64 + 8 * 10)
    names = {"training_loss", "validation_accuracy", "validation_balanced_accuracy"}
    assert set(result.curves) == names
    assert set(result.seconds) == {"build", "train", "validate"}


# -- the test split ------------------------------------------------------------------------------
class Guarded(Digits):
    """Digits that note when their test split is read."""

    environments: ClassVar[Mapping] = {}
    reads: ClassVar[list] = []

    def _read_test_data(self):
        self.reads.append(self.name)
        return super()._read_test_data()


class PeekingTask(Guarded):
    """A task that would train on its test images."""

    def search_data(self):
        images, labels = self.test_data()
        tensors = torch.from_numpy(images), torch.from_numpy(labels)
        return ImageData(*tensors, *tensors)


class PeekingSpace(ConvolutionalSpace):
    """A space that looks at test images when it builds a child."""

    def _build(self, architecture, input_shape, outputs):
        peek()
        return super()._build(architecture, input_shape, outputs)


class PeekingChildren(ConvolutionalSpace):
    """A space whose children look at test images."""

    def _build(self, architecture, input_shape, outputs):
        child = super()._build(architecture, input_shape, outputs)
        child.register_forward_pre_hook(peek)
        return child


def peek(*_):
    make_task(f"{__name__}:Guarded").test_data()


@pytest.mark.parametrize(
    "changes",
    [
        {"task": {**SMALL, "name": f"{__name__}:PeekingTask"}},
        {"space": f"{__name__}:PeekingSpace"},
        {"space": f"{__name__}:PeekingChildren"},
    ],
    ids=["task", "space", "child"],
)
def test_no_evaluation_reaches_the_test_split(changes):
    Guarded.reads.clear()
    with pytest.raises(TestSetSealed, match="out of reach while a child is evaluated"):
        evaluation(problem(**changes))
    assert Guarded.reads == []
    peek()
    assert len(Guarded.reads) == 1


def test_the_seal_holds_while_a_child_is_evaluated_and_no_longer():
    task = make_task("digits")
    with sealed_test_set():
        with pytest.raises(TestSetSealed), sealed_test_set():
            task.test_data()
        with pytest.raises(TestSetSealed):
            task.test_data()
    assert len(task.test_data()[1]) == 397


@pytest.fixture(
    scope="module", params=[n for n in task_names() if issubclass(task_class(n), ImageTask)]
)
def task(request):
    """Every task of images that ships and whose data is here."""
    try:
        request.getfixturevalue(f"{request.param}_data")
    except pytest.FixtureLookupError:
        make_task(request.param).verify()
    return make_task(request.param)


@pytest.fixture(scope="module")
def search_data(task):
    return task.search_data()


@pytest.fixture(scope="module")
def test_data(task):
    return tuple(map(torch.from_numpy, task.test_data()))


def keys(images):
    return [hashlib.sha256(image.numpy().tobytes()).digest() for image in images]


def test_the_splits_are_disjoint(task, search_data, test_data):
    training, held_out = keys(search_data.train_images), keys(search_data.validation_images)
    test = keys(test_data[0])
    assert not set(training) & set(held_out)
    assert not (set(training) | set(held_out)) & set(test)
    assert len(held_out) == task.validation_size


def test_the_split_is_one_and_the_same(task, search_data):
    fewer = dataclasses.replace(task, train_size=20).search_data()
    assert torch.equal(fewer.train_images, search_data.train_images[:20])
    assert torch.equal(fewer.train_labels, search_data.train_labels[:20])
    assert torch.equal(fewer.validation_images, search_data.validation_images)
    assert torch.equal(fewer.validation_labels, search_data.validation_labels)
    counts = torch.bincount(search_data.validation_labels, minlength=task.outputs)
    assert counts.min() > 0.5 * counts.float().mean()


def test_shapes_of_the_data(task, search_data, test_data):
    channels, height, width = task.input_shape
    for images, labels in (
        (search_data.train_images, search_data.train_labels),
        (search_data.validation_images, search_data.validation_labels),
        test_data,
    ):
        assert images.dtype == torch.uint8 and labels.dtype == torch.int64
        assert images.shape == (len(labels), height, width, channels)
        assert labels.min() == 0 and labels.max() == task.outputs - 1


BARE = """
import sys
for name in sys.argv[1:]:
    sys.modules[name] = None  # cannot be imported
import torch
from nas_env.training.augmentation import ImageData
from nas_env.training.images import train
from nas_env.training.image_recipe import ImageRecipe
from search_spaces.convolutional import ConvolutionalSpace
space = ConvolutionalSpace(layers=1, filters=(4,))
child = space.build(space.decode([0] * space.length()), (3, 8, 8), 2)
images, labels = torch.zeros(8, 8, 8, 3, dtype=torch.uint8), torch.arange(8) % 2
recipe = ImageRecipe(epochs=1, batch_size=4).resolved("cpu")
data = ImageData(images, labels, images, labels)
print(train(child, data, recipe, seed=0, device=torch.device("cpu")).epochs)
"""


def test_torch_and_numpy_are_enough_to_train_a_child():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split("[>=<!]", line)[0].replace("-", "_") for line in project["dependencies"]}
    missing = (needed | {"sklearn"}) - {"torch", "numpy", "scikit_learn"}
    assert "gymnasium" in missing and "tyro" in missing
    command = [sys.executable, "-c", BARE, *sorted(missing)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
