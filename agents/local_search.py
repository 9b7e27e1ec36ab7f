"""Hill climbing by single decisions (White et al. 2021, 2005.02960; Ottelander et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from agents._base import State
from agents._proposals import Episode
from agents._repeats import Proposer, ProposerConfig
from agents._sequences import moved, moves
from search_spaces._settings import at_least


@dataclass(frozen=True)
class LocalSearchConfig(ProposerConfig):
    """Settings of hill climbing.

    Attributes:
        batch_size: Number of neighbours played at once; the search moves to the best of them if
            it is better.
        avoid_repeats: Never play an architecture twice while new ones are found.
        samples: Number of random architectures; the first climb begins at the best of them.
        restart_samples: Number of random architectures after each local optimum.
    """

    avoid_repeats: bool = True
    samples: int = 10
    restart_samples: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, samples=1, restart_samples=1)


class LocalSearch(Proposer[LocalSearchConfig]):
    """Plays the neighbours of the best in random order, and moves to the first that is better.

    A neighbour differs in one decision (and in decisions that this one closes). When none is left,
    or the depth changes, the search starts again from a random architecture.

    Attributes:
        best: Tokens of the best architecture of this climb.
        reward: Reward of the best architecture of this climb.
        samples_left: Number of random architectures to play before the climb begins.
        moves: Neighbours of the best that were not played, as decision and option, the next first.
    """

    config_class = LocalSearchConfig
    presets: ClassVar = {"default": LocalSearchConfig()}

    def __init__(self, environment: Any, config: LocalSearchConfig, seed: int):
        super().__init__(environment, config, seed)
        self.restart(config.samples)

    def restart(self, samples: int) -> None:
        """Begin another climb from the best of that many random architectures."""
        self.best: tuple[int, ...] = ()
        self.reward = -np.inf
        self.samples_left = samples
        self.moves: list[list[int]] = []

    def sample(self, count: int) -> np.ndarray:
        """Draw neighbours of the best, and random architectures if there are too few."""
        if self.best and len(self.best) != self.length:
            self.restart(self.config.samples)
        neighbours: list[np.ndarray] = []
        while self.moves and len(neighbours) < count:
            move = np.array(self.moves.pop(0))
            neighbour = moved(self.search_space, np.array(self.best), move, self.rng)
            if not (self.config.avoid_repeats and neighbour in self.memory):
                neighbours.append(neighbour)
        if not neighbours and not self.samples_left:
            self.restart(self.config.restart_samples)
        return np.array([*neighbours, *self.uniform(count - len(neighbours))])

    def update(self, finished: Sequence[Episode]) -> dict[str, float]:
        """Move to the best of the finished episodes, if it is better than the best so far."""
        best = max(finished, key=lambda episode: episode.reward)
        better = best.reward > self.reward
        if better:
            self.best, self.reward = best.tokens, best.reward
        begins = 0 < self.samples_left <= len(finished)
        self.samples_left = max(0, self.samples_left - len(finished))
        if self.samples_left == 0 and (better or begins):
            possible = moves(self.search_space, np.array(self.best))
            self.moves = self.rng.permutation(possible).tolist()
        return {"best_of_climb": self.reward, "neighbours_left": float(len(self.moves))}

    def state(self) -> State:
        """Return the climb and the random state."""
        state = super().state()
        state.values |= {
            "best": list(self.best),
            "reward": self.reward if self.best else None,
            "samples_left": self.samples_left,
            "moves": [list(move) for move in self.moves],
        }
        return state

    def load_state(self, state: State) -> None:
        """Restore what :meth:`state` returned."""
        super().load_state(state)
        values = state.values
        self.best = tuple(values["best"])
        self.reward = values["reward"] if self.best else -np.inf
        self.samples_left = values["samples_left"]
        self.moves = [list(move) for move in values["moves"]]
