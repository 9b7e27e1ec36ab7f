"""The parameter server and its replicas as Ray actors, on one machine or on many."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from agents._base import AgentFailed
from agents._controller.trained import ControllerConfig
from agents._replicas.group import Group
from agents._replicas.servers import Draw, Drawn, Servers
from agents._replicas.shard import Named, Shard, divided
from agents._tensors import below
from search_spaces import InvalidValue, SearchSpace

TRIES = 5  # of one piece of work, whose actors may die under it

Value = TypeVar("Value")


class OnRay(Servers):
    """Runs each shard, and some of the replicas each, in an actor.

    This process has the last state of every shard, and of every replica its copy and its random
    state. An actor that dies, alone or with its node, is started again from these, and the piece
    of work that it died under is done again. So its death changes nothing of what is learned.
    Actors end with this process.

    Args:
        space: Search space whose decisions are taken.
        config: Settings of the controller and its optimiser.
        initial: Controller with the initial parameters.
        shards: Number of shards.
        gather: Number of gradients that make one update.
        actors: Number of actors over which the replicas are spread.

    Raises:
        InvalidValue: If Ray is not installed.
    """

    def __init__(
        self,
        space: SearchSpace,
        config: ControllerConfig,
        initial: nn.Module,
        shards: int,
        gather: int,
        actors: int,
    ):
        self.ray = joined(actors)
        self.config, self.gather, self.gathered = config, gather, 0
        named = dict(initial.named_parameters())
        self.names = list(named)
        self.held = [held for held in divided(named, shards) if held]
        self.kept = [
            Shard({name: named[name] for name in held}, config, gather).state()
            for held in self.held
        ]
        self.lost = lost_with_an_actor(self.ray)
        # They wait for most of their time: Ray shall keep no CPU free for them.
        actor = self.ray.remote(num_cpus=0, scheduling_strategy="SPREAD")
        self._shard, self._group, self._space = actor(Shard), actor(Group), space
        self._actors = [self._started(number) for number in range(len(self.held) + actors)]

    def _started(self, number: int) -> Any:
        """Start the actor of a number: first come the shards, then the groups of replicas."""
        if number >= len(self.held):
            return self._group.remote(self._space, self.config)
        return self._shard.remote(self._weights(number), self.config, self.gather)

    @property
    def shards(self) -> list[Any]:
        """The actors of the shards."""
        return self._actors[: len(self.held)]

    @property
    def groups(self) -> list[Any]:
        """The actors of the replicas; replica k is in number k modulo their count."""
        return self._actors[len(self.held) :]

    def sample(
        self, draws: Sequence[Draw], copies: Mapping[int, Tensor], length: int
    ) -> list[Drawn]:
        """Sample for replicas, each actor for its own."""

        def once() -> list[Drawn]:
            def place(draw: Draw) -> tuple[int, int]:
                return draw.replica % len(self.groups), draw.version

            asked: list[tuple[Sequence[int], Any]] = []
            for (number, version), some in groupby(sorted(draws, key=place), key=place):
                replicas, _, randoms, counts = zip(*some, strict=True)
                sample = self.groups[number].sample
                answer = sample.remote(copies[version], randoms, counts, length)
                asked.append((replicas, answer))
            drawn: dict[int, Drawn] = {}
            for replicas, answer in asked:
                drawn |= zip(replicas, self.ray.get(answer), strict=True)
            return [drawn[draw.replica] for draw in draws]

        return self._surely(once)

    def learn(
        self, replica: int, copy: Tensor, tokens: np.ndarray, weights: np.ndarray
    ) -> dict[str, float]:
        """Let a replica compute its gradient, and push each part straight to its shard."""

        def once() -> list[Any]:
            group = self.groups[replica % len(self.groups)]
            parts = group.parts.options(num_returns=len(self.held) + 1)
            *gradient, log = parts.remote(copy, tokens, weights, self.held)
            pairs = zip(self.shards, gradient, strict=True)
            return self.ray.get([log, *[shard.pushed.remote(part) for shard, part in pairs]])

        log, *self.kept = self._surely(once)
        self.gathered = (self.gathered + 1) % self.gather
        return log

    def parameters(self) -> Tensor:
        """Return a fresh copy of the parameters of all shards, in one row, (p,)."""
        held = below("weights", self.state())
        return torch.cat([held[name].flatten() for name in self.names])

    def state(self) -> dict[str, Tensor]:
        """Return the states of all shards together."""
        return {name: tensor for kept in self.kept for name, tensor in kept.items()}

    def load_state(self, tensors: Named, gathered: int) -> None:
        """Restore what :meth:`state` returned, with that many gathered gradients."""
        self.gathered = gathered
        for number in range(len(self.held)):
            shard = Shard(self._weights(number), self.config, self.gather)
            shard.load_state(tensors, gathered)
            self.kept[number] = shard.state()
        self._surely(self._load)

    def _weights(self, number: int) -> dict[str, Tensor]:
        return below("weights", self.kept[number])

    def _load(self) -> None:
        """Put the states that are kept into the shards."""
        pairs = zip(self.shards, self.kept, strict=True)
        self.ray.get([shard.load_state.remote(kept, self.gathered) for shard, kept in pairs])

    def _surely(self, once: Callable[[], Value]) -> Value:
        """Return what a piece of work returns, which may be done again where actors die.

        Raises:
            AgentFailed: If they die each time.
        """
        told = ""
        for _ in range(TRIES):
            try:
                return once()
            except self.lost as error:
                told = str(error).partition("\n")[0]
            with suppress(*self.lost):
                self._revive()
        raise AgentFailed(
            f"the replicas' actors died {TRIES} times under one piece of work: {told}"
        )

    def _revive(self) -> None:
        """Start the actors that have died, and put all shards into the state before the work."""
        answers = [actor.__ray_ready__.remote() for actor in self._actors]
        for number, answer in enumerate(answers):
            try:
                self.ray.get(answer)
            except self.lost:
                self.ray.kill(self._actors[number])  # it may only be out of reach
                self._actors[number] = self._started(number)
        self._load()


def joined(actors: int) -> Any:
    """Return Ray, joined to the cluster of ``RAY_ADDRESS``, or else to one of this machine alone.

    Raises:
        InvalidValue: If it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    try:
        import ray
    except ImportError:
        raise InvalidValue(
            f"actors is {actors}, but Ray is not installed: expected actors 0, or "
            "pip install 'nas-env[cluster]'"
        ) from None
    if not ray.is_initialized():
        local = {"address": "local", "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        settings: dict[str, Any] = {} if os.environ.get("RAY_ADDRESS") else local
        ray.init(log_to_driver=False, logging_level=logging.WARNING, **settings)
    return ray


def lost_with_an_actor(ray: Any) -> tuple[type[Exception], ...]:
    """Return the errors of work that was lost with an actor, its process or its node."""
    errors = ray.exceptions
    return (
        errors.RayActorError,
        errors.ObjectLostError,
        errors.WorkerCrashedError,
        errors.NodeDiedError,
    )
