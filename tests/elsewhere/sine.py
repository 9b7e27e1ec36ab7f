"""A task whose metric is to be minimised: the squared error of a sine, with its own training."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch.nn import functional

import nas_env
from nas_env.metrics import Metric
from nas_env.tasks import TrainingTask
from nas_env.training.outcome import Training, timed
from nas_env.training.recipe import ChildRecipe


@dataclass(frozen=True)
class Points:
    """Points of a curve, (n, 1) each."""

    x: torch.Tensor
    y: torch.Tensor
    validation_x: torch.Tensor
    validation_y: torch.Tensor

    @property
    def sizes(self):
        return len(self.x), len(self.validation_x)

    def part(self, train, validation):
        both = self.validation_x[:validation], self.validation_y[:validation]
        return Points(self.x[:train], self.y[:train], *both)

    def to(self, device):
        parts = (self.x, self.y, self.validation_x, self.validation_y)
        return Points(*(part.to(device) for part in parts))


@dataclass(frozen=True)
class Descent(ChildRecipe):
    """Gradient descent on all points at once.

    Attributes:
        epochs: Steps.
        rate: Learning rate.
        precision: Always float32.
        threads: CPU threads of one child.
    """

    epochs: int = 20
    rate: float = 0.05
    precision: Literal["auto", "float32", "bfloat16"] = "float32"
    threads: int = 1

    engine: ClassVar[str] = "elsewhere.sine:train"

    def steps_an_epoch(self, examples):
        return 1

    def examples_of(self, steps):
        return steps


@dataclass(frozen=True)
class Sine(TrainingTask):
    """Points of a sine.

    Attributes:
        points: Number of training points.
    """

    points: int = 32

    version: ClassVar[int] = 0
    metric: ClassVar = Metric("validation_error", maximise=False)
    objective: ClassVar = {"name": "metric_itself", "failure_reward": -100.0}
    recipes: ClassVar = {"descent": Descent()}
    default_recipes: ClassVar = {"cpu": "descent"}
    environments: ClassVar = {}
    input_shape: ClassVar = (1,)
    outputs: ClassVar = 1

    def verify(self):
        pass

    def search_data(self):
        return Points(*_sine(self.points), *_sine(20, 0.05))

    def _read_test_data(self):
        return _sine(20, 0.1)


def _sine(count, shift=0.0):
    x = torch.linspace(-2, 2, count)[:, None] + shift
    return x, torch.sin(x)


def train(child, data, recipe, *, seed, device, report):
    """Train a child; the seed is that of torch's random state, which is set."""
    result = Training({"validation_error": []})
    optimiser = torch.optim.Adam(child.parameters(), recipe.rate)
    for _ in range(recipe.epochs):
        with timed(result, "train"):
            optimiser.zero_grad()
            functional.mse_loss(child(data.x), data.y).backward()
            optimiser.step()
        with timed(result, "validate"), torch.no_grad():
            error = functional.mse_loss(child(data.validation_x), data.validation_y).item()
        result.curves["validation_error"].append(error)
        report(result.progress(recipe.epochs))
    return result


nas_env.register("Sine-v0", task="elsewhere.sine:Sine", space="elsewhere.widths:Widths")
