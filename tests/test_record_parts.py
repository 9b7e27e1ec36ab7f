"""The parts of the recipe ``record``: slow weights, mirrored edges, shifted views, fitting."""

import shutil

import pytest
import torch
from torch import nn

from nas_env.tasks import make_task
from nas_env.training import images
from nas_env.training.augmentation import ImageData
from nas_env.training.averaging import Lookahead, slow_weights
from nas_env.training.fitting import fitted_layers
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.logits import logits_of
from nas_env.training.pixels import reflect
from search_spaces import InvalidValue
from search_spaces._fitted import Whitening
from tests.test_training import CPU, data, numbered, patterns, recipe


def train(child, **changes):
    return images.train(child, data(), recipe(**changes), seed=0, device=CPU)


# -- slow weights --------------------------------------------------------------------------------
def test_lookahead_sets_the_weights_back_to_slow_ones():
    """By hand: every second step, with a decay that grows with the cube of the progress."""
    child = nn.Linear(1, 1, bias=False)
    child.weight.data.fill_(0.0)
    lookahead, slow = Lookahead(child, every=2, decay=0.5), 0.0
    for step, change in enumerate([1.0, 2.0, -4.0, 8.0, 1.0], start=1):
        child.weight.data += change
        before = child.weight.item()
        lookahead.update(step / 5)
        if step % 2 == 0:
            decay = 0.25 * (step / 5) ** 3
            slow = decay * slow + (1 - decay) * before
            assert child.weight.item() == pytest.approx(slow)
        else:
            assert child.weight.item() == before
    with lookahead.applied():
        assert child.weight.item() == pytest.approx(slow)
    assert child.weight.item() == pytest.approx(slow + 1)


def test_a_child_is_left_with_the_slow_weights():
    plain, drawn = (nn.Sequential(nn.Flatten(), nn.Linear(64, 4)) for _ in range(2))
    drawn.load_state_dict(plain.state_dict())
    start = plain[1].weight.detach().clone()
    train(plain, learning_rate=0.01)
    train(drawn, learning_rate=0.01, lookahead=100)  # more steps than there are
    assert torch.equal(drawn[1].weight, start) and not torch.equal(plain[1].weight, start)


def test_a_recipe_without_slow_weights_has_none():
    child = nn.Linear(2, 2)
    slow = slow_weights(child, recipe())
    slow.update(1.0)
    with slow.applied():
        assert not slow._own
    with pytest.raises(InvalidValue, match=r"averaging is 0.9, expected 0 beside a lookahead"):
        recipe(averaging=0.9, lookahead=5)


# -- what a child sees ---------------------------------------------------------------------------
def test_mirrored_edges_are_those_of_torch():
    pixels = numbered(2, 4, 5)
    expected = nn.functional.pad(pixels.float().permute(0, 3, 1, 2), (3,) * 4, mode="reflect")
    assert torch.equal(reflect(pixels, 3).permute(0, 3, 1, 2).float(), expected)
    assert reflect(pixels, 0) is pixels
    with pytest.raises(InvalidValue, match="padding is 4, expected less than the 4 of an image"):
        reflect(pixels, 4)


def test_shifted_crops_show_mirrored_edges_instead_of_black():
    pixels, labels = patterns(40)
    bright = ImageData(pixels.clamp(min=100), labels, pixels, labels)
    for mirrored in (False, True):
        views = bright.views(recipe(padding=2, reflect=mirrored, whitening="image"))
        views.whiten = lambda x: x.float().permute(0, 3, 1, 2)  # the bytes themselves
        seen, _ = views.training_batch(torch.arange(40), torch.Generator().manual_seed(0))
        assert (seen.min() >= 100) == mirrored


def test_shifted_views_count_as_much_as_the_image():
    """Of a child that is not linear, by the formula: half the image, a quarter each shift."""

    class Edge(nn.Module):
        def forward(self, x):
            return torch.stack((x[:, 0, 0, 0], x[:, 0, 0, -1]), dim=1).exp()

    x = torch.randn(3, 1, 4, 5)
    larger = nn.functional.pad(x, (1,) * 4, mode="reflect")
    views = [x, larger[:, :, :-2, :-2], larger[:, :, 2:, 2:]]
    weights = (0.5, 0.25, 0.25)
    child = Edge()
    for flip in (False, True):
        both = [child(v) + child(v.flip(3)) if flip else child(v) for v in views]
        expected = sum(w * v for w, v in zip(weights, both, strict=True))
        found = logits_of(child, x, recipe(validation_shift=1, validation_flip=flip))
        torch.testing.assert_close(found / 4, expected)
    assert torch.equal(logits_of(child, x, recipe()), child(x))


def test_training_images_grow_and_those_of_a_validation_do_not():
    child = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 4))
    seen = []
    child.register_forward_pre_hook(lambda module, x: seen.append((child.training, x[0].shape[3])))
    train(child, first_resolution=4, growth=0.5, epochs=2)  # six steps an epoch
    trained = [side for training, side in seen if training]
    assert trained == [4, 4, 4, 6, 6, 6] + [8] * 6
    assert {side for training, side in seen if not training} == {8}


@pytest.mark.skipif(shutil.which("g++") is None, reason="a CPU needs a C++ compiler")
def test_a_compiled_child_learns_the_same_and_keeps_the_names_of_its_weights():
    class Child(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.linear, self.compiled = nn.Linear(64, 4), set()

        def forward(self, x):
            self.compiled.add(torch.compiler.is_compiling())
            return self.linear(x.flatten(1))

    plain, compiled = Child(), Child()
    curves, others = train(plain).curves, train(compiled, compile=True).curves
    assert (plain.compiled, compiled.compiled) == ({False}, {True})
    assert others["training_loss"] == pytest.approx(curves["training_loss"], rel=1e-4)
    for name, weights in plain.state_dict().items():
        torch.testing.assert_close(compiled.state_dict()[name], weights)


# -- fitted layers -------------------------------------------------------------------------------
class Whitened(nn.Module):
    """A child whose first layer whitens, and which keeps its bias after each training step."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.whitening = Whitening(1, 2)
        self.linear = nn.Linear(8 * 49, 4)
        self.biases = []

    def forward(self, x):
        if self.training:
            self.biases.append(self.whitening.bias.detach().clone())
        return self.linear(self.whitening(x).relu().flatten(1))


def test_a_layer_is_fitted_to_the_training_images_before_the_first_step():
    child, expected = Whitened(), Whitening(1, 2)
    train(child)
    expected.fit(data().views(recipe()).plain(5_000))
    assert torch.equal(child.whitening.weight, expected.weight)
    assert fitted_layers(child) == [child.whitening]


def test_what_a_fitted_layer_has_beside_is_trained_for_some_epochs():
    child = Whitened()
    train(child, epochs=3, fitted_epochs=1)
    first, *others = child.biases[5:]  # six steps an epoch
    assert not torch.equal(first, torch.zeros(8))
    assert not torch.equal(others[0], first)
    assert all(torch.equal(bias, others[0]) for bias in others)
    assert child.whitening.bias.requires_grad


def test_plain_images_are_those_of_a_validation():
    pixels, labels = patterns(10)
    same = ImageData(pixels, labels, pixels, labels)
    views = same.views(recipe(upsample=9, padding=1))
    ((expected, _),) = views.validation_batches(10)
    assert torch.equal(views.plain(4), expected[:4])


# -- settings ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "setting, value",
    [
        ("lookahead", -1),
        ("lookahead_decay", 1.0),
        ("validation_shift", -1),
        ("fitted_epochs", -1),
        ("filter_rate", -1.0),
        ("first_resolution", -1),
        ("growth", 0.0),
        ("growth", 1.5),
    ],
)
def test_settings_out_of_range_are_refused(setting, value):
    with pytest.raises(InvalidValue, match=f"{setting} is {value}, expected"):
        ImageRecipe(**{setting: value})


def test_the_rate_and_the_decay_are_those_of_the_reference_for_a_sum_over_a_batch():
    """Rate 11.5 and decay 0.0153 per 1,024 examples, both over 1 + 1 / (1 - momentum)."""
    found = make_task("cifar10").recipes["airbench"]
    assert isinstance(found, ImageRecipe)
    scale = 1024 * (1 + 1 / (1 - 0.85))
    rate, decay = 11.5 / scale, 0.0153 * 1024 / scale
    assert found.learning_rate == pytest.approx(1024 * rate)
    assert found.weight_decay == pytest.approx(decay / rate / 1024)
