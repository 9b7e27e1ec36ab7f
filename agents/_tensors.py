"""Turns the states of modules and optimisers into flat dictionaries of tensors, and back."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, as_tensor, nn, optim


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy tensors, and put a prefix and a dot before each name.

    Example:
        >>> list(under("policy", {"bias": as_tensor(1.0)}))
        ['policy.bias']
    """
    return {f"{prefix}.{name}": tensor.detach().clone() for name, tensor in tensors.items()}


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy the tensors whose name begins with a prefix and a dot, and remove these."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): tensor.clone()
        for name, tensor in tensors.items()
        if name.startswith(start)
    }


def module_state(module: nn.Module, optimiser: optim.Optimizer) -> dict[str, Tensor]:
    """Return ``weights.<name>`` of a module and ``optimiser.<parameter>.<slot>``."""
    slots = {
        f"{index}.{name}": as_tensor(value)
        for index, slots in optimiser.state_dict()["state"].items()
        for name, value in slots.items()
        if value is not None
    }
    return under("weights", module.state_dict()) | under("optimiser", slots)


def load_module_state(
    module: nn.Module, optimiser: optim.Optimizer, tensors: Mapping[str, Tensor]
) -> None:
    """Restore what :func:`module_state` returned; the optimiser keeps its settings."""
    module.load_state_dict(below("weights", tensors))
    slots: dict[int, dict[str, Tensor]] = {}
    for path, tensor in below("optimiser", tensors).items():
        index, _, name = path.partition(".")
        slots.setdefault(int(index), {})[name] = tensor
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": slots, "param_groups": groups})
