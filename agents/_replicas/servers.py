"""The parameter server and its replicas: the protocol, and how it runs in one process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from agents._controller.trained import ControllerConfig
from agents._replicas.group import Group, part_of
from agents._replicas.shard import Named, Shard, divided
from search_spaces import SearchSpace


class Draw(NamedTuple):
    """A replica that wants to sample.

    Attributes:
        replica: Number of the replica.
        version: Version of the replica's copy of the parameters.
        random: Random state of the replica.
        children: Number of sequences.
    """

    replica: int
    version: int
    random: Tensor
    children: int


#: The sequences of a replica, int64 (count, decisions), and its random state after them.
Drawn = tuple[np.ndarray, Tensor]


class Servers(ABC):
    """Runs the shards of the parameter server, and the work of the replicas."""

    @abstractmethod
    def sample(
        self, draws: Sequence[Draw], copies: Mapping[int, Tensor], length: int
    ) -> list[Drawn]:
        """Sample for replicas.

        Args:
            draws: Replicas that sample; those with equal copies follow each other.
            copies: Copies of the parameters by version, each in one row, (p,).
            length: Number of decisions of a sequence.
        """

    @abstractmethod
    def learn(
        self, replica: int, copy: Tensor, tokens: np.ndarray, weights: np.ndarray
    ) -> dict[str, float]:
        """Compute a replica's gradient at its copy, and push each shard's part of it.

        Args:
            replica: Number of the replica.
            copy: The replica's copy of the parameters in one row, (p,).
            tokens: The replica's sequences, int64 (n, decisions).
            weights: Advantage of each sequence, (n,).

        Returns:
            Figures for the log.
        """

    @abstractmethod
    def parameters(self) -> Tensor:
        """Return a fresh copy of the parameters of all shards, in one row, (p,)."""

    @abstractmethod
    def state(self) -> dict[str, Tensor]:
        """Return the states of all shards together."""

    @abstractmethod
    def load_state(self, tensors: Named, gathered: int) -> None:
        """Restore what :meth:`state` returned, with that many gathered gradients."""


class InProcess(Servers):
    """Runs all shards and replicas in this process.

    Args:
        space: Search space whose decisions are taken.
        config: Settings of the controller and its optimiser.
        initial: Controller with the initial parameters.
        shards: Number of shards.
        gather: Number of gradients that make one update.
    """

    def __init__(
        self,
        space: SearchSpace,
        config: ControllerConfig,
        initial: nn.Module,
        shards: int,
        gather: int,
    ):
        named = dict(initial.named_parameters())
        self.names = list(named)
        self.shards = [
            Shard({name: named[name] for name in held}, config, gather)
            for held in divided(named, shards)
            if held
        ]
        self.group = Group(space, config)

    def sample(
        self, draws: Sequence[Draw], copies: Mapping[int, Tensor], length: int
    ) -> list[Drawn]:
        """Sample for replicas; those with equal copies share the steps of the LSTM."""
        drawn: list[Drawn] = []
        for version, ours in groupby(draws, key=lambda draw: draw.version):
            _, _, randoms, counts = zip(*ours, strict=True)
            drawn += self.group.sample(copies[version], randoms, counts, length)
        return drawn

    def learn(
        self, replica: int, copy: Tensor, tokens: np.ndarray, weights: np.ndarray
    ) -> dict[str, float]:
        """Compute a replica's gradient at its copy, and push each shard's part of it."""
        gradient, log = self.group.gradient(copy, tokens, weights)
        for shard in self.shards:
            shard.push(part_of(gradient, shard.parameters))
        return log

    def parameters(self) -> Tensor:
        """Return a fresh copy of the parameters of all shards, in one row, (p,)."""
        held = {name: p for shard in self.shards for name, p in shard.parameters.items()}
        return torch.cat([held[name].detach().flatten() for name in self.names])

    def state(self) -> dict[str, Tensor]:
        """Return the states of all shards together."""
        return {name: tensor for shard in self.shards for name, tensor in shard.state().items()}

    def load_state(self, tensors: Named, gathered: int) -> None:
        """Restore what :meth:`state` returned, with that many gathered gradients."""
        for shard in self.shards:
            shard.load_state(tensors, gathered)
