"""The optimiser of a convolutional child, as a recipe wants it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from nas_env.training.batch_norms import batch_norms
from nas_env.training.recipe import ImageRecipe


def make_optimiser(
    child: nn.Module, recipe: ImageRecipe, device: torch.device
) -> torch.optim.Optimizer:
    """Return SGD over the parameters of a child."""
    return torch.optim.SGD(
        groups(child, recipe),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        nesterov=recipe.nesterov and recipe.momentum > 0,
        fused=device.type == "cuda",
    )


def groups(child: nn.Module, recipe: ImageRecipe) -> list[dict[str, Any]]:
    """Return the parameters in groups that share their decay and the factor of their rate.

    The decay of a step is rate times weight decay: a group of a higher rate has a lower one.
    """
    shifts = {id(norm.bias) for norm in batch_norms(child)}
    found: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in child.parameters():
        factor = recipe.bias_rate if id(parameter) in shifts else 1.0
        decays = recipe.decay_vectors or parameter.ndim > 1
        decay = recipe.weight_decay / factor if decays else 0.0
        found.setdefault((decay, factor), []).append(parameter)
    return [
        {"params": parameters, "weight_decay": decay, "factor": factor}
        for (decay, factor), parameters in found.items()
    ]


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate, which each group has times its factor."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]
