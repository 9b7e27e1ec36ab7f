"""The state of a training that is not finished: what it is, and whom an engine gives it to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from nas_env.training.outcome import Training


class State(NamedTuple):
    """Everything that the next step of a training depends on.

    Attributes:
        tensors: Tensors by name, on any device; they are the training's own, and no copies.
        values: Plain JSON values by name.
    """

    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any]


class Steps(Protocol):
    """The part of an engine that takes the optimiser's steps."""

    def state(self) -> State:
        """Return the state between two steps; before the first it has the fewest tensors."""
        ...

    def load_state(self, state: State) -> None:
        """Continue from a state, whose tensors are the training's own from now on."""
        ...


class Checkpoints:
    """Takes the checkpoints of one training; this class keeps none."""

    def restore(self, steps: Steps, result: Training) -> None:
        """Let a training that has not begun continue from its last checkpoint, if it has one."""

    def keep(self, steps: Steps, result: Training) -> None:
        """Write a checkpoint if it is time for one; an engine calls this after each step."""


NONE = Checkpoints()


def learned(
    child: nn.Module, optimiser: torch.optim.Optimizer, device: torch.device
) -> dict[str, Tensor]:
    """Return the tensors of a child and its optimiser, and torch's random state, by name."""
    found = {f"child.{name}": each.detach() for name, each in _numbers(child).items()}
    for index, slots in optimiser.state_dict()["state"].items():
        for name, each in slots.items():
            if isinstance(each, Tensor):  # a momentum that is not there yet is None
                found[f"optimiser.{index}.{name}"] = each
    found["random"] = torch.get_rng_state()
    if device.type == "cuda":
        found["random.cuda"] = torch.cuda.get_rng_state(device)
    return found


@torch.no_grad()
def load_learned(
    child: nn.Module,
    optimiser: torch.optim.Optimizer,
    device: torch.device,
    tensors: Mapping[str, Tensor],
) -> None:
    """Give a child, its optimiser and torch's random state what :func:`learned` returned."""
    for name, each in _numbers(child).items():
        each.copy_(tensors[f"child.{name}"])
    parameters = [each for group in optimiser.param_groups for each in group["params"]]
    slots: dict[int, dict[str, Tensor]] = {}
    for name, each in tensors.items():
        kind, _, slot = name.partition(".")
        if kind == "optimiser":
            index, _, slot = slot.partition(".")
            slots.setdefault(int(index), {})[slot] = laid_out(each, parameters[int(index)])
    optimiser.load_state_dict({**optimiser.state_dict(), "state": slots})
    torch.set_rng_state(tensors["random"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random.cuda"], device)


def laid_out(tensor: Tensor, like: Tensor) -> Tensor:
    """Return a copy that lies in memory as a tensor of its shape does, on which digits depend."""
    if tensor.shape != like.shape:
        return tensor.clone()
    return torch.empty_like(like, dtype=tensor.dtype, device=tensor.device).copy_(tensor)


def _numbers(child: nn.Module) -> dict[str, Tensor]:
    """Return parameters and buffers, each once, those too that are kept out of a state_dict."""
    return {**dict(child.named_parameters()), **dict(child.named_buffers())}
