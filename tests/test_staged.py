"""Networks in stages: sizes, poolings, skip connections, first weights, the published ones."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from search_spaces import InvalidArchitecture, InvalidTokens, InvalidValue, published_architecture
from search_spaces._fitted import Whitening
from search_spaces.staged import StagedArchitecture, StagedLayer, StagedSpace
from search_spaces.staged._network import begin_as_identity, halve

IMAGE = (3, 32, 32)


def network(*layers, **settings):
    """The child of layers for small images."""
    torch.manual_seed(0)
    return StagedSpace(**settings).build(StagedArchitecture(layers), (3, 9, 9), 4).eval()


# -- the published networks ----------------------------------------------------------------------
@pytest.mark.parametrize(
    "name, parameters, flops",
    [("airbench94", 1_972_792, 236_294_720), ("airbench95", 4_606_520, 603_121_728)],
)
def test_hand_made_networks_are_in_the_space(name, parameters, flops):
    space = StagedSpace()
    found = space.parse(published_architecture(name))
    assert space.decode(space.encode(found)) == found
    assert space.cost(found, IMAGE, 10) == (parameters, flops)


def test_the_hand_made_network_computes_what_is_written_of_it():
    """Written again, layer by layer, from the description (2404.00498, section 2)."""
    space = StagedSpace()
    torch.manual_seed(0)
    child = space.build(space.parse(published_architecture("airbench94")), IMAGE, 10)
    for name, value in child.state_dict().items():
        if "norm.bias" in name or "running" in name:
            value.uniform_(0.5, 1.5)
    child.eval()
    images = torch.randn(2, *IMAGE)

    def conv(x, number):
        return functional.conv2d(x, child.layers[number].conv.weight, padding="same")

    def norm(x, number):
        norm = child.layers[number].norm
        shape = (1, -1, 1, 1)
        mean, variance = norm.running_mean.view(shape), norm.running_var.view(shape)
        return (x - mean) / (variance + norm.eps).sqrt() + norm.bias.view(shape)

    first = functional.conv2d(images, child.whitening.weight, child.whitening.bias)
    x = functional.gelu(first)
    for block in range(3):
        x = functional.max_pool2d(conv(x, 2 * block), 2)
        x = functional.gelu(norm(x, 2 * block))
        x = functional.gelu(norm(conv(x, 2 * block + 1), 2 * block + 1))
    x = functional.max_pool2d(x, 3).flatten(1)
    expected = x @ child.classifier.weight.T / 9
    with torch.no_grad():
        torch.testing.assert_close(child(images), expected, rtol=1e-4, atol=1e-5)


# -- decisions -----------------------------------------------------------------------------------
def test_no_more_layers_pool_than_may():
    space = StagedSpace(layers=6, poolings=2)
    rows = space.sample_batch(np.random.default_rng(0), 500)
    pooled = [sum(layer.pool for layer in space.decode(row).layers) for row in rows.tolist()]
    assert set(pooled) == {0, 1, 2}
    third = [1, 3, 1, 1, 3, 1, 1, 3, 1]
    with pytest.raises(InvalidTokens, match=r"layer 3 pooling\) is 1, expected one of 0"):
        space.check_tokens(third)
    layers = tuple(StagedLayer(3, 64, pool=True) for _ in range(3))
    with pytest.raises(InvalidArchitecture, match="3 layers pool, this space has 2"):
        space.encode(StagedArchitecture(layers))


def test_the_size_counts_the_sequences():
    space = StagedSpace(layers=3, filter_sizes=(1, 3), filters=(4,), poolings=1)
    rows = space.sample_batch(np.random.default_rng(0), 2_000)
    assert len({tuple(row) for row in rows.tolist()}) == space.size == 2**3 * 4 * 2


def test_a_space_without_poolings_or_skips_decides_neither():
    space = StagedSpace(layers=3, poolings=0, skip_connections=False)
    assert {decision.kind for decision in space.decisions} == {"filter size", "filters"}


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"filter_sizes": (2,)}, r"filter_sizes is \(2,\), expected odd numbers"),
        ({"filters": (8, 8)}, r"filters is \(8, 8\), expected different numbers from 1 on"),
        ({"temperature": 0.0}, "temperature is 0.0, expected more than 0"),
        ({"poolings": -1}, "poolings is -1, expected at least 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InvalidValue, match=message):
        StagedSpace(**settings)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"filter_size": 2}, "layer 1 filter_size is 2, expected an odd number"),
        ({"filters": 0}, "layer 1 filters is 0, expected a whole number from 1"),
        ({"pool": 1}, "layer 1 pool is 1, expected true or false"),
        ({"skips": [1]}, "layer 1 skip is 1, expected a whole number from 1 to -1"),
        ({"skips": 1}, "layer 1 skips must be a list of earlier layers"),
        ({"stride": 1}, "layer 1 has an unknown key 'stride'"),
    ],
)
def test_bad_descriptions_are_refused(change, message):
    layer = {"filter_size": 3, "filters": 64, "pool": False, "skips": [], **change}
    with pytest.raises(InvalidArchitecture, match=message):
        StagedSpace().parse({"space": "staged", "layers": [layer]})


def test_images_smaller_than_a_patch_are_refused():
    space = StagedSpace(layers=1, whitening=3)
    with pytest.raises(InvalidValue, match="whitening is 3 pixels, images have 2x9"):
        space.build(StagedArchitecture((StagedLayer(3, 4),)), (1, 2, 9), 4)


# -- the network ---------------------------------------------------------------------------------
def test_maps_of_earlier_stages_are_halved_as_often_as_what_lies_between():
    layers = (
        StagedLayer(3, 4),
        StagedLayer(3, 5, pool=True),
        StagedLayer(3, 6, pool=True),
        StagedLayer(1, 7, skips=(1, 2)),
    )
    child, seen = network(*layers, initialisation="random"), {}
    for number, layer in enumerate(child.layers, start=1):
        layer.register_forward_hook(lambda _, x, y, n=number: seen.update({n: (x[0], y)}))
    child(torch.randn(2, 3, 9, 9))
    (read, _), (_, first), (_, second), (_, third) = seen[4], seen[1], seen[2], seen[3]
    assert [x.shape[2:] for x in (first, second, third)] == [(8, 8), (4, 4), (2, 2)]
    expected = torch.cat((halve(halve(first)), halve(second), third), dim=1)
    torch.testing.assert_close(read, expected)


def test_a_side_of_one_pixel_is_not_halved():
    assert halve(torch.zeros(1, 1, 1, 3)).shape == (1, 1, 1, 1)


def test_a_convolution_begins_by_passing_channels_on():
    wide, narrow = nn.Conv2d(2, 5, 3, padding=1, bias=False), nn.Conv2d(6, 3, 1, bias=False)
    random = wide.weight[2:].clone()
    for conv in (wide, narrow):
        begin_as_identity(conv)
    x = torch.randn(1, 6, 4, 4)
    torch.testing.assert_close(wide(x[:, :2])[:, :2], x[:, :2])
    assert torch.equal(wide.weight[2:], random)
    torch.testing.assert_close(narrow(x), x[:, ::2])


def test_scales_of_normalisations_are_trained_only_if_they_are_to_be():
    for scales in (False, True):
        child = network(StagedLayer(3, 4), norm_scales=scales)
        trained = {name for name, weights in child.named_parameters() if weights.requires_grad}
        assert ("layers.0.norm.weight" in trained) == scales
        assert "layers.0.norm.bias" in trained and "whitening.weight" not in trained


# -- whitening -----------------------------------------------------------------------------------
def test_whitened_patches_have_no_correlation():
    generator = torch.Generator().manual_seed(0)
    rough = torch.randn(600, 3, 12, 12, generator=generator)
    images = functional.avg_pool2d(rough, 3, stride=1) * 3  # neighbours are alike
    whitening = Whitening(3, 2)
    whitening.fit(images)
    found = whitening(images).permute(1, 0, 2, 3).flatten(1).detach()
    assert torch.equal(found[:12], -found[12:])
    covariance = found[:12] @ found[:12].T / found.shape[1]
    torch.testing.assert_close(covariance, torch.eye(12), atol=0.05, rtol=0)


def test_constant_images_can_be_fitted_to():
    whitening = Whitening(1, 2)
    whitening.fit(torch.ones(3, 1, 4, 4))
    assert whitening.weight.isfinite().all()
