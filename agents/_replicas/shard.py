"""The shards of the parameter server (Zoph & Le 2017, figure 3)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from agents._controller.trained import ControllerConfig, make_optimiser
from agents._tensors import below, under

#: Tensors by the name of a parameter: parameters, or the gradient by them.
Named = Mapping[str, Tensor]


class Shard:
    """Holds some of the parameters with their optimiser, and applies gradients as they come.

    The paper does not say whether gathered gradients are added up or averaged. They are averaged
    here, as TensorFlow's synchronous optimiser does it, so that a learning rate has one meaning
    for any ``gather``.

    Args:
        parameters: The parameters that it holds; they are copied.
        config: Settings of the optimiser.
        gather: Number of gradients that make one update.
    """

    def __init__(self, parameters: Named, config: ControllerConfig, gather: int):
        self.gather = gather
        self.parameters = {n: nn.Parameter(p.detach().clone()) for n, p in parameters.items()}
        self.optimiser = make_optimiser(self.parameters.values(), config)
        self.gathered = 0
        self.sums: dict[str, Tensor] = {}  # of the gradients that have gathered, by parameter

    def push(self, gradient: Named) -> None:
        """Take a gradient; a parameter without an entry has none."""
        for name, slope in gradient.items():
            self.sums[name] = self.sums[name] + slope if name in self.sums else slope
        self.gathered += 1
        if self.gathered == self.gather:
            self._apply()

    def _apply(self) -> None:
        """Take one step along the mean of the gathered gradients."""
        for name, parameter in self.parameters.items():
            total = self.sums.get(name)
            parameter.grad = None if total is None else total / self.gathered
        self.optimiser.step()
        self.gathered, self.sums = 0, {}

    def pushed(self, gradient: Named) -> dict[str, Tensor]:
        """Take a gradient, and return the state after it: one message to and from an actor."""
        self.push(gradient)
        return self.state()

    def state(self) -> dict[str, Tensor]:
        """Return ``weights.<name>``, ``optimiser.<name>.<slot>`` and ``gathered.<name>``.

        The number of gradients that have gathered is the same in all shards, and is not in it. The
        names do not depend on how many shards there are.
        """
        slots = {
            f"{name}.{slot}": torch.as_tensor(value)
            for name, parameter in self.parameters.items()
            for slot, value in self.optimiser.state.get(parameter, {}).items()
            if value is not None
        }
        weights = under("weights", self.parameters)
        return weights | under("optimiser", slots) | under("gathered", self.sums)

    @torch.no_grad()
    def load_state(self, tensors: Named, gathered: int) -> None:
        """Restore what :meth:`state` returned, of which other shards may have a part.

        Args:
            tensors: The state.
            gathered: Number of gradients that have gathered.
        """
        weights, slots = below("weights", tensors), below("optimiser", tensors)
        self.gathered = gathered
        self.sums = {n: s for n, s in below("gathered", tensors).items() if n in self.parameters}
        self.optimiser.state.clear()
        for name, parameter in self.parameters.items():
            parameter.copy_(weights[name])
            if found := below(name, slots):
                self.optimiser.state[parameter] = found


def divided(parameters: Named, shards: int) -> list[list[str]]:
    """Return the names of the parameters that each shard holds.

    A shard holds whole tensors, the largest first where least is held, so that an update is the
    same to the last bit for any number of shards. With more shards than tensors, some hold none.

    Example:
        >>> sizes = {"a": 4, "b": 9, "c": 6, "d": 1}
        >>> divided({name: torch.zeros(size) for name, size in sizes.items()}, 2)
        [['b', 'd'], ['c', 'a']]
    """
    held: list[list[str]] = [[] for _ in range(shards)]
    sizes = [0] * shards
    for name in sorted(parameters, key=lambda name: -parameters[name].numel()):
        least = sizes.index(min(sizes))
        held[least].append(name)
        sizes[least] += parameters[name].numel()
    return held
