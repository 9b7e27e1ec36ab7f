"""What each part of a recipe of today does to the numbers, and that it does nothing by default."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmarks.recipes import PARTS, Options, compared
from nas_env.benchmark._replay import _whole
from nas_env.command_line.train import main
from nas_env.problem import Problem
from nas_env.run.store import open_store
from nas_env.tasks import make_task
from nas_env.tasks._fitting import fit
from nas_env.tasks._images import MODERN
from nas_env.training import images
from nas_env.training.augmentation import ImageData
from nas_env.training.averaging import Average
from nas_env.training.batch_norms import batch_norms
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.optimiser import groups, make_optimiser, set_rate
from nas_env.training.pixels import cut_out, random_view
from nas_env.training.schedules import schedule
from search_spaces import InvalidValue, UnknownName
from tests.test_training import CPU, Observed, data, generator, network, patterns, recipe


def train(child, **changes):
    return images.train(child, data(), recipe(**changes), seed=0, device=CPU)


# -- the rate ------------------------------------------------------------------------------------
def test_the_triangular_schedule_rises_and_falls_in_straight_lines():
    factor = schedule(ImageRecipe(schedule="triangular", warm_up=0.25, final_rate=0.1))
    assert [factor(p) for p in (0, 0.125, 0.25, 0.625, 1)] == pytest.approx(
        [0.2, 0.6, 1, 0.55, 0.1]
    )
    at_once = schedule(ImageRecipe(schedule="triangular", warm_up=0.0, final_rate=0.0))
    assert [at_once(p) for p in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])


def test_biases_of_batch_norms_have_a_rate_of_their_own_and_the_same_decay_a_step():
    """One step from a known gradient: the biases go ``bias_rate`` times as far, all decay alike."""
    child = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    settings = replace(recipe(), learning_rate=0.1, momentum=0.0, weight_decay=0.5, bias_rate=8.0)
    optimiser = make_optimiser(child, settings, CPU)
    set_rate(optimiser, 0.1)
    for parameter in child.parameters():
        parameter.data.fill_(1.0)
        parameter.grad = torch.ones_like(parameter)
    optimiser.step()
    moved = {name: 1 - value.flatten()[0].item() for name, value in child.named_parameters()}
    plain = 0.1 * (1 + 0.5)
    expected = {"0.weight": plain, "0.bias": plain, "1.weight": plain, "1.bias": 0.8 + 0.05}
    assert moved == pytest.approx(expected)


def test_vectors_can_be_spared_from_decay():
    child = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 2))
    found = groups(child, recipe(decay_vectors=False, weight_decay=0.01))
    decays = {id(p): group["weight_decay"] for group in found for p in group["params"]}
    for name, parameter in child.named_parameters():
        assert decays[id(parameter)] == (0.01 if name in ("0.weight", "3.weight") else 0.0)
    assert len(groups(child, recipe())) == 1  # the optimiser is that of a recipe without parts


# -- batch normalisation -------------------------------------------------------------------------
def test_numbers_of_batch_norms_are_the_recipes():
    child = network()
    recipe().set_up(child)
    assert {(n.eps, n.momentum) for n in batch_norms(child)} == {(1e-5, 0.1)}
    train(child, batch_norm_epsilon=0.5, batch_norm_momentum=0.25, epochs=1)
    assert {(n.eps, n.momentum) for n in batch_norms(child)} == {(0.5, 0.25)}


def test_the_momentum_decides_what_a_validation_normalises_by():
    """With 1 it is the last batch; a child whose weights stand still makes that visible."""

    def running(momentum):
        child = network()
        train(child, learning_rate=0.0, epochs=1, batch_norm_momentum=momentum)
        return batch_norms(child)[0].running_mean.clone()

    seen = []
    child = network()
    child.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    norm = batch_norms(child)[0]
    norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach()))
    train(child, learning_rate=0.0, epochs=1)
    batches = [x.mean(dim=(0, 2, 3)) for x in seen[1:12:2]]
    torch.testing.assert_close(running(1.0), batches[-1])
    by_hand = torch.zeros(8)
    for mean in batches:
        by_hand = 0.75 * by_hand + 0.25 * mean
    torch.testing.assert_close(running(0.25), by_hand)


# -- averaged weights ----------------------------------------------------------------------------
def test_the_average_is_of_the_weights_after_each_step():
    child = nn.Linear(1, 1, bias=False)
    child.weight.data.fill_(0.0)
    average, expected = Average(child, 0.3), 0.0
    for step, value in enumerate([1.0, 5.0, -2.0, 8.0, 3.0]):
        child.weight.data.fill_(value)
        average.update(0.0)
        decay = min(0.3, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * value
    with average.applied():
        assert child.weight.item() == pytest.approx(expected)
    assert child.weight.item() == 3.0


def test_a_child_is_validated_and_left_with_the_average_but_trained_without():
    def steps(child):
        weights = []
        handle = register_optimizer_step_post_hook(
            lambda *_: weights.append(child.linear.weight.detach().clone())
        )
        try:
            train(child, averaging=0.5, epochs=2, learning_rate=0.05)
        finally:
            handle.remove()
        return weights

    child = Observed(look=lambda child, x, logits: (child.training, child.linear.weight.clone()))
    weights = steps(child)
    average, averages = Observed().linear.weight.detach(), []
    for step, weight in enumerate(weights):
        decay = min(0.5, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * weight
        averages.append(average)
    validated = [weight for training, weight in child.seen if not training]
    torch.testing.assert_close(validated, [averages[5], averages[11]])
    torch.testing.assert_close(child.linear.weight.detach(), averages[-1])
    trained = [weight for training, weight in child.seen if training]
    torch.testing.assert_close(trained[6], weights[5])
    plain = Observed(look=lambda child, x, logits: child.linear.weight.detach().clone())
    train(plain, epochs=2, learning_rate=0.05)
    torch.testing.assert_close(plain.linear.weight.detach(), weights[-1])


def test_running_statistics_are_averaged_beside_the_weights():
    child = nn.BatchNorm1d(3)
    average = Average(child, 0.9)
    child.running_mean.fill_(10.0)
    average.update(0.0)
    with average.applied():
        torch.testing.assert_close(child.running_mean, torch.full((3,), 9.0))  # d is 1/10 at first


# -- what a child sees ---------------------------------------------------------------------------
def test_cutout_sets_a_square_to_the_mean_that_may_stick_out():
    white = torch.ones(4_000, 2, 6, 5)
    cut = cut_out(white, 2, generator())
    assert torch.equal(cut[:, 0], cut[:, 1]) and (white == 1).all()
    holes = cut[:, 0] == 0
    sizes = holes.sum(dim=(1, 2))
    assert set(sizes.tolist()) == {1, 2, 4}  # whole, over an edge, over a corner
    # Around each of the 6 x 5 pixels equally often; a corner is cut off by one of 30.
    assert (sizes == 1).float().mean().item() == pytest.approx(1 / 30, abs=0.01)
    for hole in holes[:50]:
        rows, columns = hole.any(1).nonzero(), hole.any(0).nonzero()
        inside = hole[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert inside.all() and max(inside.shape) <= 2
    assert (cut_out(white[:1], 100, generator()) == 0).all()


def test_cutout_is_for_training_images_alone():
    child = Observed(look=lambda child, x, logits: (child.training, (x == 0).any().item()))
    train(child, cutout=3, epochs=1)
    assert {training: cut for training, cut in child.seen} == {True: True, False: False}


def test_flips_alternate():
    """An image is mirrored in every other epoch, half of them in the first."""
    labels = patterns(40)[1]
    ramp = torch.arange(8, dtype=torch.uint8).expand(40, 8, 8)[..., None].contiguous()
    ramp[:, 0, 0, 0] = torch.arange(40, dtype=torch.uint8)  # each image has its number
    views = []

    class Looks(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(1, 4)

        def forward(self, x):
            if self.training:
                views.append(x.detach())
            return self.layer(x.mean(dim=(1, 2, 3))[:, None])

    changes = {"flip": True, "alternate_flip": True, "epochs": 4, "batch_size": 40}
    of_ramps = ImageData(ramp, labels, ramp, labels)
    images.train(Looks(), of_ramps, recipe(**changes), seed=0, device=CPU)
    mirrored = []
    for view in views:
        sides = view[:, 0, 1, 0] > view[:, 0, 1, 7]
        marks = torch.where(sides, view[:, 0, 0, 7], view[:, 0, 0, 0])
        mirrored.append(sides[marks.argsort()])
    first, second, third, fourth = mirrored
    assert torch.equal(first, third) and torch.equal(second, fourth)
    assert torch.equal(first, ~second) and 8 < first.sum() < 32


def test_a_view_can_be_told_which_images_to_mirror():
    pixels = patterns(6)[0]
    sides = torch.tensor([True, False, True, True, False, False])
    seen = random_view(pixels, (8, 8), flip=sides, generator=generator())
    assert torch.equal(seen, torch.where(sides[:, None, None, None], pixels.flip(2), pixels))


def test_a_validation_image_is_classified_by_both_its_sides():
    """A child that looks at the left edge alone does not tell an image from its mirror image."""

    class Edge(nn.Module):
        def forward(self, x):
            left = x[:, 0, 0, 0]
            return torch.stack([left, torch.ones_like(left)], dim=1)

    pixels = torch.zeros(2, 8, 8, 1, dtype=torch.uint8)
    pixels[0, 0, 0], pixels[1, 0, 7] = 255, 255  # a light at the left, a light at the right
    labels = torch.tensor([0, 1])
    lights, plain = ImageData(pixels, labels, pixels, labels), recipe()
    both = replace(plain, validation_flip=True)
    assert images.validate(Edge(), lights.views(plain), plain).accuracy == 1.0
    assert images.validate(Edge(), lights.views(both), both).accuracy == 0.5  # both are of class 0


# -- settings, requests and stores ---------------------------------------------------------------
@pytest.mark.parametrize(
    "setting, value",
    [
        ("cutout", -1),
        ("averaging", 1.0),
        ("warm_up", 1.0),
        ("final_rate", 1.5),
        ("bias_rate", 0.0),
        ("batch_norm_epsilon", 0.0),
        ("batch_norm_momentum", 1.1),
    ],
)
def test_settings_out_of_range_are_refused(setting, value):
    with pytest.raises(InvalidValue, match=f"{setting} is {value}, expected"):
        ImageRecipe(**{setting: value})


#: A key as it was before a recipe had any of these parts.
KEY = "a077082a63de75ab01da419391be70a5ecc6b9824fa245dc941a4f1a7ceda8ea"


def key(**settings):
    recipe = {"precision": "float32", **settings}
    problem = Problem("digits", "convolutional", recipe=recipe, device="cpu", layers=2)
    return problem.request(problem.space.decode([0] * problem.space.length())).key


def test_a_request_has_the_key_that_it_had_before_there_were_parts():
    assert key(preset="short") == KEY
    assert key(preset="short", cutout=0, averaging=0, batch_norm_epsilon=None) == KEY
    changed = {"cutout": 2, "averaging": 0.5, "bias_rate": 2.0, "decay_vectors": False}
    keys = {key(preset="short", **{name: value}) for name, value in changed.items()}
    assert len(keys) == 4 and KEY not in keys


def test_a_run_of_before_there_were_parts_goes_on_and_keeps_its_recipe(tmp_path, capsys):
    line = ["--children", "2", "--recipe.epochs", "1", "--task.train-size", "64"]
    run = ["--workers", "0", "--quiet", "--run", str(tmp_path / "run")]
    assert main([*line, *run]) == 0
    file = tmp_path / "run" / "config.json"
    config = json.loads(file.read_text())
    for name in ImageRecipe.later:
        del config["make"]["recipe"][name]  # as it was written then
    file.write_text(json.dumps(config))
    assert main(["--resume", *run, "--children", "3", "--recipe.cutout", "2"]) == 2
    assert "--recipe.cutout is 2, the run has 0" in capsys.readouterr().err
    assert main(["--resume", *run, "--children", "3"]) == 0
    store = open_store(tmp_path / "run" / "results.sqlite")
    assert len(store.all_episodes()) == 3
    store.close()


def test_a_submission_of_before_there_were_parts_is_of_the_same_problem():
    problem = Problem("digits", "convolutional", device="cpu", layers=2)
    of_then = {**problem.spec, "recipe": problem.recipe.request_spec}
    assert of_then != problem.spec and _whole(of_then, problem) == problem.spec
    assert _whole({"recipe": 3}, problem) == {"recipe": 3}


# -- what each part is worth ---------------------------------------------------------------------
@pytest.mark.parametrize("env", ["NAS-CIFAR10-v0", "NAS-Digits-v0"])
def test_the_comparison_takes_one_part_away_at_a_time(env):
    """The parts together are all that tells the two recipes apart."""

    def differences(one, other):
        return {name for name in one.spec if one.spec[name] != other.spec[name]}

    recipes = compared(Options(env=env, epochs=3))
    paper, modern = recipes.pop("paper"), recipes.pop("modern")
    found = {name.removeprefix("modern without "): made for name, made in recipes.items()}
    for part, less in found.items():
        assert differences(less, modern) <= set(PARTS[part])
        assert not differences(less, paper) & set(PARTS[part])
    taken = [name for less in found.values() for name in differences(less, modern)]
    assert sorted(taken) == sorted(differences(paper, modern))


def test_the_comparison_reduces_pixels_with_the_images():
    recipes = compared(Options(resolution=16, only=("cutout",), extra=("bias_rate=16",)))
    assert list(recipes) == [
        "paper",
        "modern",
        "modern without cutout",
        "modern with bias_rate=16",
    ]
    assert (recipes["paper"].upsample, recipes["modern"].padding) == (20, 2)
    assert recipes["modern"].cutout == MODERN.cutout / 2
    assert recipes["modern with bias_rate=16"].bias_rate == 16
    with pytest.raises(UnknownName, match=r"unknown part .cut-out"):
        compared(Options(only=("cut-out",)))


# -- the recipe ----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["digits", "cifar10", "fashion_mnist"])
def test_modern_is_as_long_as_the_papers(name):
    recipes = make_task(name).recipes
    assert recipes["modern"].epochs == recipes["paper"].epochs == 50
    assert not recipes["paper"].request_spec.keys() & ImageRecipe.later
    assert recipes["modern"].flip == recipes["paper"].flip


def test_modern_fits_images_of_ones_own():
    signs = fit((1, 64, 48), 500, mirror=False).recipes["modern"]
    assert not (signs.flip or signs.alternate_flip or signs.validation_flip)
    photographs = fit((3, 64, 48), 500, mirror=True).recipes["modern"]
    assert photographs.flip and photographs.alternate_flip and photographs.padding == 6
