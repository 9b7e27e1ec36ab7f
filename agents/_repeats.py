"""The base of agents that draw sequences, and that can avoid playing an architecture twice."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor

from agents._base import Advance, Agent, AgentConfig, State, generator_state
from agents._proposals import Proposal, tokens_of
from agents._sequences import mixed
from search_spaces import SearchSpace
from search_spaces._settings import at_least, at_most

ROUNDS = (4, 16, 64)  # further draws after one without success; then a repeat is allowed
ADMIXTURE = 0.04  # each draw without success adds this to the share of uniform choices


@dataclass(frozen=True)
class ProposerConfig(AgentConfig):
    """Settings of agents that draw sequences.

    Attributes:
        avoid_repeats: Never play an architecture twice while new ones are found. Two sequences
            of tokens are the same architecture if their canonical forms are equal.
        ahead: Number of batches that are proposed before an earlier one is learned from, so that
            workers train the next children while the last of a batch is awaited. The number of
            workers does not influence what is proposed.
    """

    avoid_repeats: bool = False
    ahead: int = 0

    busier: ClassVar[tuple[str, ...]] = ("batch_size", "ahead")

    @property
    def children_at_once(self) -> int:
        """The children of one batch, and of the batches that are proposed ahead."""
        return self.batch_size * (1 + self.ahead)

    def __post_init__(self) -> None:
        at_least(self, batch_size=1, ahead=0)
        at_most(self, batch_size=100_000, ahead=1_000)


Config = TypeVar("Config", bound=ProposerConfig)


class Proposer(Agent[Config]):
    """An agent that draws sequences, and can reject architectures that were played.

    A member defines :meth:`sample` and :meth:`update`; its ``state`` and ``load_state`` add to the
    ones here.

    Attributes:
        rng: Generator of all randomness that is not torch's.
        memory: Architectures proposed so far; empty if repeats are not avoided.
    """

    def __init__(self, environment: Any, config: Config, seed: int):
        super().__init__(environment, config, seed)
        self.rng = np.random.default_rng(seed)
        self.memory = Memory(self.search_space)

    @abstractmethod
    def sample(self, count: int) -> np.ndarray:
        """Sample sequences that the agent would like to play, int64 (count, decisions)."""

    def advance(self, episodes: int) -> Advance:
        """Play one batch and learn from it; up to ``ahead`` others are proposed before."""
        size, waiting = self.config.batch_size, self.proposals.open
        left = episodes - len(waiting)
        while left > 0 and len(waiting) <= size * self.config.ahead:
            self._announce(self.propose(min(left, size)))
            left = episodes - len(waiting)
        finished = self.play(list(islice(waiting.values(), size)))
        return Advance(finished, self.learn(finished))

    def _announce(self, proposals: Sequence[Proposal]) -> None:
        """Announce proposals that are made ahead of time, so that their children may begin."""
        if self.config.ahead:
            self.designs.announce(tokens_of(proposals))

    @property
    def length(self) -> int:
        """The number of decisions of an episode at the depth in ``options``."""
        return self.search_space.length(self.options.get("layers"))

    def uniform(self, count: int) -> np.ndarray:
        """Draw sequences of uniform choices among open options, int64 (count, decisions)."""
        space = self.search_space
        if space.masks_are_static:
            options = space.option_mask[: self.length].sum(axis=1)
            return self.rng.integers(options, size=(count, self.length))
        return space.sample_batch(self.rng, count, self.options.get("layers"))

    def draw(self, count: int) -> np.ndarray:
        """Sample sequences; if repeats are avoided, draw until they have not been played.

        Each draw without success makes more of the choices uniform, so that an agent that is sure
        of its favourites searches ever further around them. After ``ROUNDS`` repeats are allowed,
        since the space may be exhausted.
        """
        tokens = self.sample(count)
        if not self.config.avoid_repeats:
            return tokens
        chosen, drawn = self.unseen(tokens, count), 1
        for draws in ROUNDS:
            missing = count - len(chosen)
            if not missing:
                break
            shares = ADMIXTURE * np.arange(drawn, drawn + draws)
            chosen += self.unseen(self.mixture(missing, shares), missing)
            drawn += draws
        return np.array([*chosen, *tokens[: count - len(chosen)]])

    def unseen(self, tokens: np.ndarray, count: int) -> list[np.ndarray]:
        """Return the first ``count`` rows of new architectures, and remember them."""
        new = (row for row in tokens if self.memory.add(row))
        return list(islice(new, count))

    def mixture(self, count: int, shares: np.ndarray) -> np.ndarray:
        """Draw ``count`` sequences for each share, with that share of uniform choices."""
        tokens = self.sample(count * len(shares))
        chances = np.repeat(shares, count)[:, None]
        return mixed(self.search_space, tokens, self.uniform(len(tokens)), chances, self.rng)

    def state(self) -> State:
        """Return the random state, what was proposed, and what is still to be learned from."""
        state = super().state()
        state.values["rng"] = generator_state(self.rng)
        if self.config.avoid_repeats:
            state.tensors["memory"] = self.memory.state()
        return state

    def load_state(self, state: State) -> None:
        """Restore what :meth:`state` returned, and announce what is still to be played."""
        super().load_state(state)
        self.rng.bit_generator.state = state.values["rng"]
        if self.config.avoid_repeats:
            self.memory.load_state(state.tensors["memory"])
        if self.proposals.open:
            self._announce(list(self.proposals.open.values()))


class Memory:
    """A set of architectures whose state takes 8 bytes for each.

    A 64-bit hash of its canonical form identifies an architecture. Among 100,000 architectures,
    two share a hash with a probability of 3e-10; one of them is then not played.
    """

    def __init__(self, space: SearchSpace):
        self.space = space
        self.marks: dict[int, None] = {}
        self._known: dict[tuple[int, ...], int] = {}  # marks of sequences, not part of the state

    def mark(self, tokens: Sequence[int] | np.ndarray) -> int:
        """Return the hash that all sequences of an architecture share."""
        sequence = tuple(np.asarray(tokens).tolist())
        if sequence not in self._known:
            text = self.space.decode(sequence).canonical().to_json()
            digest = blake2b(text.encode(), digest_size=8).digest()
            self._known[sequence] = int.from_bytes(digest, "little", signed=True)
        return self._known[sequence]

    def __contains__(self, tokens: Sequence[int] | np.ndarray) -> bool:
        return self.mark(tokens) in self.marks

    def add(self, tokens: Sequence[int] | np.ndarray) -> bool:
        """Remember a sequence's architecture, and tell whether it is new."""
        mark = self.mark(tokens)
        new = mark not in self.marks
        self.marks[mark] = None
        return new

    def state(self) -> Tensor:
        """Return the hashes in the order in which they were added, int64 (n,)."""
        return torch.tensor(list(self.marks), dtype=torch.int64)

    def load_state(self, marks: Tensor) -> None:
        """Restore what :meth:`state` returned."""
        self.marks = dict.fromkeys(marks.tolist())
