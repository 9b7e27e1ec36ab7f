"""The naive training loop that the engine's speed and accuracy are compared with."""

import numpy as np
import torch

from benchmarks import _naive, parity
from benchmarks.parity import WAYS
from nas_env.problem import Problem
from nas_env.training.augmentation import ImageData, Views
from nas_env.training.images import train

SIZE = 200
CPU = torch.device("cpu")


def test_it_trains_as_the_engine_does_where_the_order_of_the_images_is_no_matter():
    # One batch of all images, and no augmentation: nothing is random but the first weights.
    problem = Problem(
        {"name": "digits", "train_size": SIZE},
        {"name": "convolutional", "layers": 3, "filters": [6, 12]},
        recipe={"epochs": 4, "batch_size": SIZE, "precision": "float32"},
        device="cpu",
    )
    data = problem.task.search_data()
    architecture = problem.space.decode(problem.space.sample(np.random.default_rng(0)))
    children = []
    for _ in range(2):
        torch.manual_seed(3)
        children.append(problem.space.build(architecture, (1, 8, 8), 10))
    curve = _naive.train(children[0], data, problem.recipe)
    result = train(children[1], data, problem.recipe, seed=0, device=CPU)
    np.testing.assert_allclose(result.curves["validation_accuracy"], curve, atol=2 / 400)
    for one, other in zip(*(child.parameters() for child in children), strict=True):
        torch.testing.assert_close(one, other.to(one), rtol=1e-3, atol=1e-4)


def test_its_images_are_those_of_the_engine_where_they_are_enlarged():
    images = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    problem = Problem("cifar10", "convolutional", recipe="short", device="cpu")
    data = ImageData(images, torch.tensor([0, 1]), images, torch.tensor([0, 1]))
    _, validation = _naive._transforms(data, problem.recipe)
    given = torch.stack([image for image, _ in _naive.Samples(images, torch.arange(2), validation)])
    ((wanted, _),) = Views(data, problem.recipe).validation_batches(2)
    torch.testing.assert_close(given, wanted, rtol=0, atol=0.05)  # half a grey level, whitened


def test_the_three_ways_of_the_comparison_train_one_child_to_about_one_accuracy():
    tokens = parity.problem("digits", "float32").space.sample(np.random.default_rng(0))
    jobs = [parity.Job("digits", tokens, 0, way) for way in WAYS]
    (naive, float32, bfloat16), seconds = zip(*map(parity.trained, jobs), strict=True)
    assert min(seconds) > 0
    assert min(naive, float32, bfloat16) > 0.2  # guessing has 0.1
    assert abs(float32 - bfloat16) < 0.03
