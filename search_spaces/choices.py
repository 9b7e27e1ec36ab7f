"""Plain choices: decisions that describe no network, for benchmarks that are functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from search_spaces._architecture import Architecture, check_keys
from search_spaces._base import SearchSpace
from search_spaces._decisions import Decision, Vertex
from search_spaces._errors import InvalidArchitecture, InvalidTokens, InvalidValue

MOST_DECISIONS, MOST_OPTIONS = 10_000, 1_000


@dataclass(frozen=True)
class Choices(Architecture):
    """The chosen options of all decisions.

    Attributes:
        choices: Index of the option of each decision.

    Example:
        >>> Choices((0, 1, 1)).to_json()
        '{"space": "choices", "choices": [0, 1, 1]}'
    """

    choices: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"space": "choices", "choices": [0, 1, …]}``."""
        return {"space": "choices", "choices": list(self.choices)}

    def canonical(self) -> Choices:
        """Return the choices themselves: no two of them are known to be the same."""
        return self


@dataclass(frozen=True)
class ChoicesSpace(SearchSpace):
    """Independent decisions, whose meaning a function or a table knows; nothing can be built.

    Each decision is of a kind of its own, so the controller has a head for each.

    Attributes:
        options: Number of options of each decision.

    Example:
        >>> space = ChoicesSpace(options=(2, 2, 5))
        >>> space.size
        20
        >>> space.decode((1, 0, 4)).choices
        (1, 0, 4)
    """

    options: tuple[int, ...] = (2,) * 8

    def __post_init__(self) -> None:
        if not 1 <= len(self.options) <= MOST_DECISIONS:
            raise InvalidValue(
                f"options has {len(self.options)} decisions, expected 1 to {MOST_DECISIONS:,}"
            )
        for count in self.options:
            if not 2 <= count <= MOST_OPTIONS:
                raise InvalidValue(f"options has {count}, expected 2 to {MOST_OPTIONS:,} each")

    def _decide(self) -> Iterator[Decision]:
        for number, count in enumerate(self.options, start=1):
            yield Decision(f"choice {number}", f"choice {number}", tuple(range(count)))

    def decode(self, tokens: Sequence[int]) -> Choices:
        """Return the choices that the tokens are."""
        self.check_tokens(tokens)
        if len(tokens) != len(self.options):
            raise InvalidTokens(f"{len(tokens)} tokens, expected {len(self.options)}")
        return Choices(tuple(int(token) for token in tokens))

    def encode(self, architecture: Architecture) -> tuple[int, ...]:
        """Return the tokens, which are the choices."""
        if not isinstance(architecture, Choices):
            raise InvalidArchitecture(f"expected Choices, got {type(architecture).__name__}")
        choices = architecture.choices
        if len(choices) != len(self.options):
            raise InvalidArchitecture(f"{len(choices)} choices, expected {len(self.options)}")
        for number, (choice, count) in enumerate(zip(choices, self.options, strict=True), start=1):
            if choice >= count:
                raise InvalidArchitecture(f"choice {number} is {choice}, expected below {count}")
        return choices

    def parse(self, description: Mapping[str, Any]) -> Choices:
        """Return the choices of a dictionary in the form of :meth:`Choices.to_dict`."""
        check_keys(description, ("space", "choices"), "the architecture")
        if description["space"] != "choices":
            raise InvalidArchitecture(f"space is {description['space']!r}, expected 'choices'")
        choices = description["choices"]
        if not isinstance(choices, list | tuple):
            raise InvalidArchitecture(f"choices is {choices!r}, expected a list")
        for number, choice in enumerate(choices, start=1):
            if type(choice) is not int or not 0 <= choice < MOST_OPTIONS:
                raise InvalidArchitecture(
                    f"choice {number} is {choice!r}, expected 0 to {MOST_OPTIONS - 1}"
                )
        return Choices(tuple(choices))

    def describe(self, tokens: np.ndarray) -> list[dict[str, Any]]:
        """Return the dictionaries of many sequences, which hold the tokens as they are."""
        return [{"space": "choices", "choices": row} for row in tokens.tolist()]

    def graph_prefix(self, tokens: Sequence[int]) -> tuple[tuple[Vertex, ...], int]:
        """Return a row with a box for each choice that is made."""
        whole = self.graph(self.decode([*tokens, *[0] * (len(self.options) - len(tokens))]))
        return whole[: len(tokens)], len(tokens)

    def graph(self, architecture: Architecture) -> tuple[Vertex, ...]:
        """Return a row with a box for each choice, all of one colour."""
        return tuple(
            vertex._replace(kind="choice")  # without it there were more kinds than colours
            for vertex in super().graph(architecture)
        )
