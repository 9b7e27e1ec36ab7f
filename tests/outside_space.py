"""A search space of someone outside the repository, in one file; its table is another."""

import math
from dataclasses import dataclass
from pathlib import Path

from torch import nn

import nas_env
from search_spaces import Architecture, Decision, InvalidArchitecture, InvalidTokens, SearchSpace

WIDTHS, DEPTHS = (4, 8, 16), (1, 2)


@dataclass(frozen=True)
class Tower(Architecture):
    """So many layers of so many units, with or without a bias; two decisions are about nothing."""

    width: int
    depth: int
    choices: tuple[int, ...]

    def to_dict(self):
        return {
            "space": "tower",
            "width": self.width,
            "depth": self.depth,
            "choices": list(self.choices),
        }

    def canonical(self):
        return self


@dataclass(frozen=True)
class TowerSpace(SearchSpace):
    """Towers."""

    def _decide(self):
        yield Decision("width", "width", WIDTHS, None)
        yield Decision("depth", "depth", DEPTHS, None)
        for number in (1, 2, 3):
            yield Decision(f"choice {number}", "choice", (0, 1, 2), None)

    def decode(self, tokens):
        self.check_tokens(tokens)
        if len(tokens) != 5:
            raise InvalidTokens(f"{len(tokens)} tokens, expected 5")
        return Tower(WIDTHS[tokens[0]], DEPTHS[tokens[1]], tuple(int(t) for t in tokens[2:]))

    def encode(self, architecture):
        try:
            first = WIDTHS.index(architecture.width), DEPTHS.index(architecture.depth)
        except (AttributeError, ValueError):
            raise InvalidArchitecture(f"{architecture} is no tower") from None
        return (*first, *architecture.choices)

    def parse(self, description):
        try:
            choices = tuple(description["choices"])
            return Tower(description["width"], description["depth"], choices)
        except (KeyError, TypeError):
            raise InvalidArchitecture(f"{description} is no tower") from None

    def _build(self, architecture, input_shape, outputs):
        return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(input_shape), outputs))


TABLE = Path(__file__).with_name("outside_table.json")
nas_env.register_table("Towers-v0", TABLE)
