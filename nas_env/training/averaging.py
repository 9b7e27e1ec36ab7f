"""Slow weights of a child, beside those that are trained."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from nas_env.training.checkpoints import State
from nas_env.training.image_recipe import ImageRecipe


class SlowWeights(ABC):
    """Weights that follow those of a child, with which it is validated and left at the end.

    The running means and variances of batch normalisations follow in the same way, and are not
    copied: they were measured with the weights of the last steps, and a copy would be those of
    newer weights than the slow ones.

    Args:
        child: Network whose weights are followed.
        follow: False for no slow weights: then the methods do nothing.
    """

    def __init__(self, child: nn.Module, follow: bool = True):
        numbers = [*child.parameters(), *child.buffers()] if follow else []
        self._own = [each.detach() for each in numbers if each.is_floating_point()]
        self._slow = [each.clone() for each in self._own]
        self.steps = 0  # that were followed

    @abstractmethod
    def update(self, progress: float) -> None:
        """Follow the child's weights, after a step of the optimiser.

        Args:
            progress: Share of all steps that are done, this one included.
        """

    @torch.no_grad()
    def exchange(self) -> None:
        """Give the child the slow weights as its own, and keep its weights instead."""
        for slow, own in zip(self._slow, self._own, strict=True):
            kept = own.clone()
            own.copy_(slow)
            slow.copy_(kept)

    def state(self) -> State:
        """Return the slow weights, to continue from."""
        tensors = {f"average.{index}": each for index, each in enumerate(self._slow)}
        return State(tensors, {"averaged": self.steps})

    def load_state(self, state: State) -> None:
        """Continue from what :meth:`state` returned."""
        for index, slow in enumerate(self._slow):
            slow.copy_(state.tensors[f"average.{index}"])
        self.steps = state.values["averaged"]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the child have the slow weights as its own within the block."""
        self.exchange()
        try:
            yield
        finally:
            self.exchange()

    def _follow(self, decay: float) -> None:
        """Move the slow weights towards the child's by 1 - decay of the way."""
        for slow, own in zip(self._slow, self._own, strict=True):
            slow.lerp_(own, 1 - decay)


class Average(SlowWeights):
    """The exponential average of a child's weights over its steps.

    After step t = 0, 1, … the average moves towards the weights by 1 - d of the way, with
    d = min(decay, (1 + t) / (10 + t)), so that the weights of the beginning are soon forgotten,
    however short the training is (as TensorFlow's ExponentialMovingAverage does).

    Args:
        child: Network whose weights are averaged.
        decay: Largest d; 0 averages nothing, and the methods do nothing.
    """

    def __init__(self, child: nn.Module, decay: float):
        super().__init__(child, follow=decay > 0)
        self.decay = decay

    @torch.no_grad()
    def update(self, progress: float) -> None:
        """Move the average towards the child's weights, after a step of the optimiser."""
        self._follow(min(self.decay, (1 + self.steps) / (10 + self.steps)))
        self.steps += 1


class Lookahead(SlowWeights):
    """Slow weights to which the child's are set back every few steps.

    At every ``every``-th step the slow weights move towards the child's by 1 - d of the way, and
    the child goes on from there (Zhang et al. 2019, 1907.08610). d grows from 0 to
    ``decay ** every`` with the cube of the progress, so that the child moves fast at first, and is
    averaged strongly in the end (Jordan 2024, 2404.00498, section 3.4).

    Args:
        child: Network whose weights are slowed down.
        every: Steps from one setting back to the next.
        decay: Decay a step of the slow weights at the end of the training.
    """

    def __init__(self, child: nn.Module, every: int, decay: float):
        super().__init__(child)
        self.every, self.decay = every, decay

    @torch.no_grad()
    def update(self, progress: float) -> None:
        """Set the child back to the slow weights, where this is the step for it."""
        self.steps += 1
        if self.steps % self.every == 0:
            self._follow(self.decay**self.every * progress**3)
            for slow, own in zip(self._slow, self._own, strict=True):
                own.copy_(slow)


def slow_weights(child: nn.Module, recipe: ImageRecipe) -> SlowWeights:
    """Return the slow weights that a recipe wants; of others than these the methods do nothing."""
    if recipe.lookahead:
        return Lookahead(child, recipe.lookahead, recipe.lookahead_decay)
    return Average(child, recipe.averaging)
