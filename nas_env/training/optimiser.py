"""The optimiser of a convolutional child, as a recipe wants it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from nas_env.training.batch_norms import batch_norms
from nas_env.training.image_recipe import ImageRecipe
from nas_env.training.muon import Muon


def make_optimiser(
    child: nn.Module, recipe: ImageRecipe, device: torch.device
) -> torch.optim.Optimizer:
    """Return SGD over the parameters of a child, or Muon where the recipe has it for filters."""
    kind = Muon if recipe.filter_rate else torch.optim.SGD
    return kind(
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
    filters: list[nn.Parameter] = []
    for parameter in child.parameters():
        if recipe.filter_rate and parameter.ndim == 4 and parameter.requires_grad:
            filters.append(parameter)
            continue
        factor = recipe.bias_rate if id(parameter) in shifts else 1.0
        decays = recipe.decay_vectors or parameter.ndim > 1
        decay = recipe.weight_decay / factor if decays else 0.0
        found.setdefault((decay, factor), []).append(parameter)
    plain = [
        {"params": parameters, "weight_decay": decay, "factor": factor, "orthogonal": None}
        for (decay, factor), parameters in found.items()
    ]
    return [*plain, *([_orthogonal(filters, recipe)] if filters else [])]


def _orthogonal(filters: list[nn.Parameter], recipe: ImageRecipe) -> dict[str, Any]:
    """Return the group of the filters that take orthogonal steps."""
    return {
        "params": filters,
        "weight_decay": 0.0,
        "momentum": 0.0,
        "factor": recipe.filter_rate / recipe.learning_rate,
        "orthogonal": recipe.filter_momentum,
        "dtype": recipe.autocast or torch.float32,  # a CPU may have no fast bfloat16
    }


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate, which each group has times its factor."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]
