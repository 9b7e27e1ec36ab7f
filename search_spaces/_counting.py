"""Counts of what a child costs, on ``meta``: nothing is allocated."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from search_spaces._decisions import Cost


def count_cost(child: nn.Module, run_once: Callable[[], object]) -> Cost:
    """Count the parameters of a child, and the FLOPs of one forward pass."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        run_once()
    parameters = sum(p.numel() for p in child.parameters())
    return Cost(parameters, counter.get_total_flops())


def count_kept(run_once: Callable[[], object]) -> int:
    """Count the numbers that a forward pass keeps for the backward pass; weights count once."""
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        run_once()
    return sum(tensor.numel() for tensor in kept.values())
