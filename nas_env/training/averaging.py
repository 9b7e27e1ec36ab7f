"""A running average of the weights of a child, beside those that are trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from nas_env.training.checkpoints import State


class Average:
    """Keeps the exponential average of a child's weights over its steps.

    After step t = 0, 1, … the average moves towards the weights by 1 - d of the way, with
    d = min(decay, (1 + t) / (10 + t)), so that the weights of the beginning are soon forgotten,
    however short the training is (as TensorFlow's ExponentialMovingAverage does).

    The running means and variances of batch normalisations are averaged in the same way, and not
    copied: they were measured with the weights of the last steps, and a copy would be those of
    newer weights than the average's.

    Args:
        child: Network whose weights are averaged.
        decay: Largest d; 0 averages nothing, and the other methods do nothing.
    """

    def __init__(self, child: nn.Module, decay: float):
        self.decay, self.steps = decay, 0
        numbers = [*child.parameters(), *child.buffers()] if decay else []
        self._own = [each.detach() for each in numbers if each.is_floating_point()]
        self._averages = [each.clone() for each in self._own]

    @torch.no_grad()
    def update(self) -> None:
        """Move the average towards the child's weights, after a step of the optimiser."""
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for average, own in zip(self._averages, self._own, strict=True):
            average.lerp_(own, 1 - decay)
        self.steps += 1

    @torch.no_grad()
    def exchange(self) -> None:
        """Give the child the average as its weights, and keep its weights instead."""
        for average, own in zip(self._averages, self._own, strict=True):
            kept = own.clone()
            own.copy_(average)
            average.copy_(kept)

    def state(self) -> State:
        """Return the average, to continue from."""
        tensors = {f"average.{index}": each for index, each in enumerate(self._averages)}
        return State(tensors, {"averaged": self.steps})

    def load_state(self, state: State) -> None:
        """Continue from what :meth:`state` returned."""
        for index, average in enumerate(self._averages):
            average.copy_(state.tensors[f"average.{index}"])
        self.steps = state.values["averaged"]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the child have the average as its weights within the block."""
        self.exchange()
        try:
            yield
        finally:
            self.exchange()
