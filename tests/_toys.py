"""Search spaces that are words, and an environment that plays them: nothing is trained."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace

import numpy as np

from agents import agent_class, make_config
from search_spaces import Decision, SearchSpace
from search_spaces._architecture import Architecture


@dataclass(frozen=True)
class Word(Architecture):
    """Its tokens; the last of them does nothing where ``idle`` says so."""

    tokens: tuple[int, ...]
    idle: bool = False

    def to_dict(self):
        return {"space": "words", "tokens": list(self.tokens)}

    def canonical(self):
        return Word((*self.tokens[:-1], 0)) if self.idle else self


@dataclass(frozen=True)
class Words(SearchSpace):
    """Each layer decides ``per_layer`` times among ``options``; nothing is ever built."""

    layers: int = 4
    per_layer: int = 2
    options: int = 3
    idle: bool = False

    def _decide(self):
        for number in range(self.layers * self.per_layer):
            layer = number // self.per_layer + 1
            yield Decision(f"choice {number}", f"kind {number}", tuple(range(self.options)), layer)

    @property
    def depth(self):
        return self.layers

    def length(self, layers=None):
        return (self.layers if layers is None else layers) * self.per_layer

    def decode(self, tokens):
        self.check_tokens(tokens)
        return Word(tuple(map(int, tokens)), self.idle)

    def encode(self, architecture):
        return architecture.tokens

    def parse(self, description):
        return Word(tuple(description["tokens"]))

    def _build(self, architecture, input_shape, outputs):
        raise NotImplementedError


@dataclass(frozen=True)
class Rising(Words):
    """No token is smaller than the one before it."""

    def open_mask(self, tokens):
        mask = super().open_mask(tokens)
        if tokens.shape[1]:
            mask &= np.arange(self.max_options) >= tokens[:, -1:]
        return mask


@dataclass
class Toy:
    """A vector environment whose reward is a function of the tokens; SAME_STEP autoreset."""

    search_space: SearchSpace
    reward: Callable[[np.ndarray], float]
    num_envs: int

    def __post_init__(self):
        self.taken, self.layers = [], None

    @cached_property
    def unwrapped(self):
        return SimpleNamespace(search_space=self.search_space, announce=lambda tokens: None)

    def reset(self, options):
        self.taken, self.layers = [], options.get("layers")

    def step(self, actions):
        self.taken.append(actions)
        if len(self.taken) < self.search_space.length(self.layers):
            return None, np.zeros(self.num_envs), None, None, {}
        tokens, self.taken = np.array(self.taken).T, []
        rewards = np.array([float(self.reward(row)) for row in tokens])
        final = {"architecture": {}, "evaluation": {}}
        return None, rewards, None, None, {"final_info": final}


def make(name, preset="default", space=None, reward=None, seed=0, **settings):
    config = make_config({"name": name, "preset": preset, **settings})[1]
    environment = Toy(space or Words(), reward or np.mean, config.batch_size)
    return agent_class(name)(environment, config, seed)


def played(agent, episodes):
    found = []
    while len(found) < episodes:
        found += agent.advance(episodes - len(found)).episodes
    return found
