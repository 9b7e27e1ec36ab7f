"""Orthogonal steps of filters: their singular values, their momentum, who takes them."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.muon import Muon, orthogonal
from nas_env.training.optimiser import groups, make_optimiser, set_rate
from search_spaces import InvalidValue
from search_spaces.staged import StagedSpace
from tests.test_training import CPU, recipe


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
@pytest.mark.parametrize("shape", [(8, 40), (40, 8), (12, 12)])
def test_a_turned_matrix_has_the_directions_of_the_gradient_all_of_about_one_length(shape, dtype):
    torch.manual_seed(0)
    left, _ = torch.linalg.qr(torch.randn(shape[0], min(shape)))
    right, _ = torch.linalg.qr(torch.randn(shape[1], min(shape)))
    lengths = torch.linspace(0.5, 2.0, min(shape))
    turned = orthogonal((left * lengths) @ right.T, dtype)
    assert turned.dtype == dtype
    turned = turned.float()
    found = left.T @ turned @ right
    assert ((found.diagonal() > 0.4) & (found.diagonal() < 1.3)).all()
    assert (found - found.diagonal().diag()).abs().max() < 0.05


def test_a_matrix_of_zeros_stays():
    assert (orthogonal(torch.zeros(3, 5), torch.bfloat16) == 0).all()


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_filters_keep_their_length_and_go_as_far_as_the_rate_says(precision):
    """Two steps by hand, with Nesterov's momentum; a bias beside goes as by SGD."""
    torch.manual_seed(0)
    conv: Any = nn.Conv2d(3, 4, 3)
    settings = recipe(
        learning_rate=0.1,
        momentum=0.5,
        weight_decay=0.0,
        filter_rate=0.2,
        filter_momentum=0.6,
        precision=precision,
    )
    dtype = {"bfloat16": torch.bfloat16, "float32": torch.float32}[precision]
    optimiser = make_optimiser(conv, settings, CPU)
    weight, bias = conv.weight.detach().clone(), conv.bias.detach().clone()
    buffer, slow = torch.zeros_like(weight), torch.zeros_like(bias)
    for factor in (1.0, 0.5):
        set_rate(optimiser, 0.1 * factor)
        for parameter in conv.parameters():
            parameter.grad = torch.randn_like(parameter)
        gradient, shift = conv.weight.grad.clone(), conv.bias.grad.clone()
        optimiser.step()
        buffer = 0.6 * buffer + gradient
        step = orthogonal((gradient + 0.6 * buffer).flatten(1), dtype).view(weight.shape).float()
        weight = weight * 2 / weight.norm() - 0.2 * factor * step  # the root of four filters
        torch.testing.assert_close(conv.weight.detach(), weight)
        slow = 0.5 * slow + shift
        bias = bias - 0.1 * factor * (shift + 0.5 * slow)
        torch.testing.assert_close(conv.bias.detach(), bias)


def test_the_filters_of_convolutions_alone_take_such_steps():
    space = StagedSpace(layers=2, filters=(4, 8))
    child = space.build(space.decode(space.sample(np.random.default_rng(0))), (3, 8, 8), 4)
    found = groups(child, recipe(filter_rate=0.2))
    turned = [group for group in found if group["orthogonal"] is not None]
    names = {id(parameter): name for name, parameter in child.named_parameters()}
    filters = [names[id(parameter)] for group in turned for parameter in group["params"]]
    assert filters == ["layers.0.conv.weight", "layers.1.conv.weight"]
    assert sum(len(group["params"]) for group in found) == len(names)


def test_a_recipe_without_such_steps_has_plain_sgd():
    optimiser = make_optimiser(nn.Conv2d(1, 1, 1), recipe(), CPU)
    assert not isinstance(optimiser, Muon)
    with pytest.raises(InvalidValue, match=r"learning_rate is 0\.0, expected more than 0"):
        ImageRecipe(filter_rate=0.1, learning_rate=0.0)
