"""The batch normalisations of a network, and the numbers that a recipe gives them."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def batch_norms(network: nn.Module) -> list[_BatchNorm]:
    """Return the batch normalisations of a network."""
    return [module for module in network.modules() if isinstance(module, _BatchNorm)]


def set_batch_norms(network: nn.Module, epsilon: float | None, momentum: float | None) -> None:
    """Give all batch normalisations of a network these numbers; None keeps their own."""
    for norm in batch_norms(network):
        if epsilon is not None:
            norm.eps = epsilon
        if momentum is not None:
            norm.momentum = momentum
