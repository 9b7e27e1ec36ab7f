"""The work of replicas: sampling from a copy of the parameters, and computing a gradient at it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from agents._controller.trained import (
    ControllerConfig,
    leave_gradient,
    make_controller,
    policy_loss,
)
from agents._replicas.shard import Named
from search_spaces import SearchSpace


class Group:
    """Replicas that share a process, and in it one controller that works for all of them.

    A replica is its copy of the parameters and its random state. Both are handed in with each
    call, so that a process that ends takes nothing with it.

    Args:
        space: Search space whose decisions are taken.
        config: Settings of the controller.
    """

    def __init__(self, space: SearchSpace, config: ControllerConfig):
        self.config = config
        self.controller = make_controller(space, config, torch.Generator())
        self.generator = torch.Generator()

    def sample(
        self, copy: Tensor, randoms: Sequence[Tensor], counts: Sequence[int], length: int
    ) -> list[tuple[np.ndarray, Tensor]]:
        """Sample sequences of replicas that have equal copies, all of them together.

        Args:
            copy: The parameters in one row, (p,).
            randoms: Random state of each replica.
            counts: Number of sequences of each replica.
            length: Number of decisions of a sequence.

        Returns:
            The sequences, int64 (count, length), and the new random state of each replica.
        """
        uniform, after = [], []
        for random, count in zip(randoms, counts, strict=True):
            self.generator.set_state(random.clone())  # torch 2.14 crashes on a row of a matrix
            uniform.append(torch.rand(length, count, generator=self.generator))
            after.append(self.generator.get_state())
        self._take(copy)
        tokens = self.controller.sample_at(torch.cat(uniform, dim=1)).numpy()
        ends = np.cumsum(counts)[:-1]
        return list(zip(np.split(tokens, ends), after, strict=True))

    def gradient(
        self, copy: Tensor, tokens: np.ndarray, weights: np.ndarray
    ) -> tuple[dict[str, Tensor], dict[str, float]]:
        """Compute the gradient of REINFORCE's loss at a copy of the parameters.

        Args:
            copy: The parameters in one row, (p,).
            tokens: Sequences that were sampled from it, int64 (n, decisions).
            weights: Advantage of each sequence, (n,).

        Returns:
            The gradient by the name of the parameter, and figures for the log.
        """
        self._take(copy)
        amounts, config = torch.tensor(weights, dtype=torch.float32), self.config
        log = leave_gradient(
            self.controller,
            tokens.copy(),  # what comes through Ray cannot be written to, of which torch warns
            lambda policy: policy_loss(policy, amounts),
            config.entropy,
            config.max_gradient_norm,
        )
        named = self.controller.named_parameters()
        return {name: p.grad for name, p in named if p.grad is not None}, log

    def parts(
        self, copy: Tensor, tokens: np.ndarray, weights: np.ndarray, held: Sequence[Sequence[str]]
    ) -> tuple[Any, ...]:
        """Return each shard's part of :meth:`gradient`, and last the figures for the log."""
        gradient, log = self.gradient(copy, tokens, weights)
        return *[part_of(gradient, names) for names in held], log

    @torch.no_grad()
    def _take(self, copy: Tensor) -> None:
        """Put a copy of the parameters into the controller."""
        parameters = list(self.controller.parameters())
        parts = copy.split([parameter.numel() for parameter in parameters])
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.copy_(part.view_as(parameter))


def part_of(gradient: Named, names: Iterable[str]) -> dict[str, Tensor]:
    """Return a shard's part of a gradient, as far as there is any.

    Example:
        >>> part_of({"a": torch.ones(1), "b": torch.zeros(1)}, ["b", "c"])
        {'b': tensor([0.])}
    """
    return {name: gradient[name] for name in names if name in gradient}
