"""What is chosen to fit images of a size: poolings, recipes, mirroring."""

import pytest
import torch

from nas_env.tasks._fitting import EPOCHS, fit, mirrored, poolings
from search_spaces import make_space

SIDES = [(8, 8), (8, 512), (512, 8), (28, 28), (32, 32), (96, 128), (512, 512)]
SHAPES = [(3, height, width) for height, width in SIDES]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_network_of_the_space_can_be_built_for_the_size(shape):
    space = make_space(fit(shape, 100, mirror=True).space)
    network = space.parse(
        {
            "space": "convolutional",
            "layers": [
                {
                    "filter_height": 3,
                    "filter_width": 3,
                    "stride_height": 1,
                    "stride_width": 1,
                    "filters": 4,
                    "inputs": [number] if number else [],
                }
                for number in range(6)
            ],
        }
    )
    child = space.build(network, shape, 2).eval()
    assert child(torch.zeros(1, *shape)).shape == (1, 2)


@pytest.mark.parametrize("shape", SHAPES)
def test_maps_get_about_eight_pixels_where_five_poolings_can_do_it(shape):
    _, height, width = shape
    halvings = len(poolings(height, width))
    side = (height * width) ** 0.5 / 2**halvings
    assert min(height, width) / 2**halvings >= 1
    assert 4 <= side <= 8 or halvings in (0, 3, 5)  # long and narrow, or 512 pixels


def test_a_child_has_about_the_same_work_whatever_the_number_of_images():
    for images in (300, 3_000, 30_000, 300_000, 1_000_000):
        short = fit((3, 32, 32), images, mirror=True).recipes["short"]
        trained = short.epochs * min(images, short.images or images)
        assert 8_000 <= trained <= 18_000, images
        assert trained // short.batch_size >= 250, images


def test_few_images_are_trained_on_in_small_batches_but_not_for_ever():
    short = fit((3, 32, 32), 51, mirror=True).recipes["short"]
    assert (short.epochs, short.batch_size, short.images) == (EPOCHS, 8, None)


@pytest.mark.parametrize(
    "shape, classes, expected",
    [
        ((3, 32, 32), ("cat", "dog"), True),
        ((1, 28, 28), ("cat", "dog"), False),  # grey: often digits or text
        ((3, 32, 32), ("0", "1", "2"), False),
        ((3, 32, 32), ("a", "dog"), True),
    ],
)
def test_signs_are_not_mirrored(shape, classes, expected):
    assert mirrored(shape, classes) is expected
