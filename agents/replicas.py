"""Asynchronous REINFORCE with a parameter server (Zoph & Le 2017, section 3.2 and figure 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from agents._base import Advance, Agent, State
from agents._controller.trained import PAPER, ControllerConfig, make_controller
from agents._gradient.advantages import Advantages
from agents._gradient.policy_gradient import PolicyGradientConfig
from agents._proposals import Episode, tokens_of
from agents._replicas.children import Children
from agents._replicas.servers import Draw, InProcess, Servers
from agents._tensors import below, under
from search_spaces import InvalidValue
from search_spaces._settings import at_least, at_most


@dataclass(frozen=True)
class ReplicasConfig(ControllerConfig, PolicyGradientConfig):
    """Settings of asynchronous REINFORCE; those of the controller are as for ``reinforce``.

    Attributes:
        replicas: Number of controller replicas, K. Each has its own copy of the parameters.
        children: Number of children of a replica, m, of which its gradient is made.
        shards: Number of shards of the parameter server, S. What is learned does not depend on it.
        gather: Number of gradients that a shard gathers before it takes one step along their mean.
        shared_baseline: Compare rewards with those of all replicas, and not of the same replica
            alone; Zoph & Le 2017 do not say.
        actors: Number of Ray actors over which the replicas are spread; each shard is another one.
            0 for all in this process.
    """

    replicas: int = 4
    children: int = 2
    shards: int = 1
    gather: int = 1
    shared_baseline: bool = True
    actors: int = 0

    # What follows from the settings above, and is no setting here.
    ahead: ClassVar[int] = 0  # type: ignore[misc]
    avoid_repeats: ClassVar[bool] = False  # type: ignore[misc]
    batch_size: ClassVar[Any] = property(lambda config: config.children)  # type: ignore[misc]

    busier: ClassVar[tuple[str, ...]] = ("replicas", "children")

    @property
    def children_at_once(self) -> int:
        """The children of all replicas."""
        return self.replicas * self.children

    def __post_init__(self) -> None:
        at_least(self, replicas=1, children=1, shards=1, gather=1, actors=0)
        at_most(self, replicas=10_000, children=10_000, shards=10_000, actors=10_000)
        if self.baseline == "batch_mean" and self.children == 1:
            raise InvalidValue(
                "baseline is 'batch_mean' and children is 1, so that no reward has others to be "
                "compared with: expected children 2 or more, or baseline 'ema'"
            )
        super().__post_init__()


class Replicas(Agent[ReplicasConfig]):
    """Lets replicas of the controller sample, and follows each one's gradient as it comes.

    A replica samples m children from its copy of the parameters. When they all have finished, it
    computes its gradient at that copy, and each shard of the parameter server applies its part,
    whatever other replicas have changed since. Then the replica fetches a fresh copy.

    So what happens depends on nothing but the order in which children finish. The baseline is
    shared by default: each of 100 replicas has only 16 batches in the paper's 12,800 children, and
    the first one of a baseline makes no update.

    Attributes:
        version: Number of updates of the parameter server.
        staleness: Number of gradients by the number of updates that were made between the moment
            when the replica fetched its copy and the moment when its gradient was pushed.
    """

    config_class = ReplicasConfig
    presets: ClassVar = {
        "default": ReplicasConfig(),
        # Section 4.1: 800 children at once.
        "paper": ReplicasConfig(replicas=100, children=8, shards=20, **PAPER),
        # Section 4.2, for recurrent cells: 400 children at once.
        "paper_recurrent": ReplicasConfig(
            replicas=400,
            children=1,
            shards=20,
            gather=10,
            **{**PAPER, "learning_rate": 5e-4},
        ),
    }

    def __init__(self, environment: Any, config: ReplicasConfig, seed: int):
        super().__init__(environment, config, seed)
        first = torch.Generator().manual_seed(seed)
        controller = make_controller(self.search_space, config, first)
        self.servers = self._make_servers(controller)
        self.version = 0
        self.copies = {0: self.servers.parameters()}
        self.randoms = [first.get_state(), *_random_states(seed, config.replicas - 1)]
        self.children = Children(config.replicas)
        count = 1 if config.shared_baseline else config.replicas
        self.advantages = [Advantages(config) for _ in range(count)]
        self.staleness: Counter[int] = Counter()
        self._gathered: list[int] = []  # staleness of the gradients that have gathered

    def _make_servers(self, controller: torch.nn.Module) -> Servers:
        config = self.config
        made = self.search_space, config, controller, config.shards, config.gather
        if config.actors == 0:
            return InProcess(*made)
        from agents._replicas.on_ray import OnRay

        return OnRay(*made, min(config.actors, config.replicas))

    @property
    def batch_size(self) -> int:
        """1: each child is handed over as it finishes, since its replica may wait for it alone."""
        return 1

    def advance(self, episodes: int) -> Advance:
        """Let all idle replicas sample, and play the children of the replica that waits longest."""
        waiting, most = self.proposals.open, min(episodes, self.config.children_at_once)
        room = most - len(waiting)
        if room > 0:
            self._sample(room - self.children.waiting)
            proposals = self.propose(room)
            if self.config.replicas > 1:
                self.designs.announce(tokens_of(proposals))
        finished = self.play([*islice(waiting.values(), min(self.config.children, episodes))])
        return Advance(finished, self.learn(finished))

    def draw(self, count: int) -> np.ndarray:
        """Return the next children in line; fewer if all replicas wait for theirs to finish."""
        length = self.search_space.length(self.options.get("layers"))
        if self.children.length not in (None, length):
            for replica in self.children.drop_line():
                self._complete(replica)
        if self.children.waiting < count:
            self._sample(self.config.children_at_once)
        made = self.proposals.made
        rows = [self.children.take(made + i) for i in range(min(count, self.children.waiting))]
        return np.array(rows, dtype=np.int64).reshape(len(rows), length)

    def _sample(self, most: int) -> None:
        """Let idle replicas sample, at most so many children in all."""
        length = self.search_space.length(self.options.get("layers"))
        draws: list[Draw] = []
        for replica in self.children.idle:
            if most <= 0:
                break
            count = min(self.config.children, most)
            most -= count
            version = self.children.versions[replica]
            draws.append(Draw(replica, version, self.randoms[replica], count))
        drawn = self.servers.sample(draws, self.copies, length)
        for draw, (tokens, random) in zip(draws, drawn, strict=True):
            self.randoms[draw.replica] = random
            self.children.add(draw.replica, tokens)

    def update(self, finished: Sequence[Episode]) -> dict[str, float]:
        """Hand children to their replicas; return the figures of the last that has them all."""
        log: dict[str, float] = {}
        for episode in finished:
            if episode.proposal is not None:
                replica = self.children.finish(episode.proposal.number, episode.reward)
                log = log if replica is None else self._complete(replica)
        return log

    def _complete(self, replica: int) -> dict[str, float]:
        """Let a replica push its gradient and fetch; return figures for the log."""
        log: dict[str, float] = {}
        batch, version = self.children.batches[replica], self.children.versions[replica]
        if len(batch.tokens):
            rewards = batch.in_order
            advantages = self.advantages[0 if self.config.shared_baseline else replica]
            log = {"baseline": advantages.baseline.value, "reward": float(rewards.mean())}
            weights = advantages.take(rewards)
            if weights is not None:
                log |= self.servers.learn(replica, self.copies[version], batch.tokens, weights)
                log |= self._count(self.version - version)
        self._fetch(replica)
        return {name: value for name, value in log.items() if np.isfinite(value)}

    def _count(self, stale: int) -> dict[str, float]:
        """Count a gradient; return the staleness of an update's gradients if it makes one."""
        self.staleness[stale] += 1
        self._gathered.append(stale)
        if len(self._gathered) < self.config.gather:
            return {}
        gathered, self._gathered = self._gathered, []
        self.version += 1
        mean, largest = float(np.mean(gathered)), float(max(gathered))
        return {"staleness_mean": mean, "staleness_max": largest}

    def _fetch(self, replica: int) -> None:
        """Hand a replica a fresh copy, and forget the copies that no replica has any more."""
        if self.version not in self.copies:
            self.copies[self.version] = self.servers.parameters()
        self.children.free(replica, self.version)
        used = {*self.children.versions}
        self.copies = {version: c for version, c in self.copies.items() if version in used}

    def state(self) -> State:
        """Return the shards, and of each replica its copy, random state and children."""
        state = super().state()
        state.tensors |= under("policy", self.servers.state())
        state.tensors["copies"] = torch.stack([*self.copies.values()])
        state.tensors["randoms"] = torch.stack(self.randoms)
        state.values |= {
            "version": self.version,
            "versions": [*self.copies],
            "children": self.children.state(),
            "advantages": [each.state() for each in self.advantages],
            "staleness": [[*pair] for pair in sorted(self.staleness.items())],
            "gathered": [*self._gathered],
        }
        return state

    def load_state(self, state: State) -> None:
        """Restore what :meth:`state` returned, and announce what is still to be played."""
        super().load_state(state)
        values = state.values
        self.version, self._gathered = values["version"], [*values["gathered"]]
        self.servers.load_state(below("policy", state.tensors), len(self._gathered))
        self.copies = dict(zip(values["versions"], state.tensors["copies"].clone(), strict=True))
        self.randoms = [*state.tensors["randoms"].clone()]
        self.children.load_state(values["children"])
        for each, kept in zip(self.advantages, values["advantages"], strict=True):
            each.load_state(kept)
        self.staleness = Counter(dict(values["staleness"]))
        if self.proposals.open and self.config.replicas > 1:
            self.designs.announce(tokens_of(self.proposals.open.values()))


def _random_states(seed: int, count: int) -> list[Tensor]:
    """Return the random states of all replicas but the first, whose seed is the agent's."""
    seeds = np.random.SeedSequence([seed, 1]).generate_state(count, np.uint64) >> np.uint64(1)
    return [torch.Generator().manual_seed(int(each)).get_state() for each in seeds]
