"""The protocol of a search space: the decisions of an episode, and the network they describe.

A member defines :meth:`SearchSpace._decide`, :meth:`~SearchSpace.decode`,
:meth:`~SearchSpace.encode` and :meth:`~SearchSpace.parse`; and the hooks of
:mod:`search_spaces._networks`, if its architectures are networks. A space in which a choice closes
later options overrides :meth:`~SearchSpace.open_mask` as well.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from search_spaces import _catalogue
from search_spaces._architecture import Architecture, load_json
from search_spaces._decisions import Decision, Vertex
from search_spaces._errors import InvalidTokens, InvalidValue
from search_spaces._json import plain
from search_spaces._networks import Networks
from search_spaces._tokens import check_tokens


@dataclass(frozen=True)
class SearchSpace(Networks, ABC):
    """A sequence of decisions, and the network that they describe.

    A space is a frozen dataclass; its fields are its settings, plain JSON values.
    Two spaces with equal settings are equal.
    """

    #: The fields that decide how a child is built from its architecture. They belong to the
    #: identity of an evaluation; the others only decide which architectures can be reached.
    construction_fields: ClassVar[tuple[str, ...]] = ()
    #: Those of them that the space was given after evaluations of its networks had been stored.
    later_fields: ClassVar[frozenset[str]] = frozenset()
    #: Those of them that a network takes along to another task; None: all. The others suit a task,
    #: as the size of a language model does.
    carried_fields: ClassVar[tuple[str, ...] | None] = None

    # -- what a member defines -------------------------------------------------------------------
    @abstractmethod
    def _decide(self) -> Iterable[Decision]:
        """Yield the decisions in order, at full depth."""

    @abstractmethod
    def decode(self, tokens: Sequence[int]) -> Architecture:
        """Return the architecture that a complete sequence of tokens describes.

        Raises:
            InvalidTokens: If the sequence is not complete or a token is not an open option.
        """

    @abstractmethod
    def encode(self, architecture: Architecture) -> tuple[int, ...]:
        """Return the tokens that :meth:`decode` turns into ``architecture``.

        Raises:
            InvalidArchitecture: If the space cannot express it.
        """

    @abstractmethod
    def parse(self, description: Mapping[str, Any]) -> Architecture:
        """Return the architecture of a dictionary, checking its form but not the options.

        Raises:
            InvalidArchitecture: If a key is unknown or missing, or a value wrong.
        """

    # -- the decisions ---------------------------------------------------------------------------
    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """All decisions at full depth, in the order in which they are taken."""
        return tuple(self._decide())

    @cached_property
    def max_options(self) -> int:
        """The largest number of options that a decision has: the size of the action space.

        Raises:
            InvalidValue: If there is no decision at all.
        """
        if not self.decisions:
            raise InvalidValue(f"{self} leaves nothing to decide: every number has a single option")
        return max(len(decision.options) for decision in self.decisions)

    @cached_property
    def size(self) -> int:
        """The number of token sequences at full depth."""
        return math.prod(len(decision.options) for decision in self.decisions)

    def length(self, layers: int | None = None) -> int:
        """Return the number of decisions of an episode, at full depth or at ``layers`` layers.

        Raises:
            InvalidValue: If the space has no such depth.
        """
        if layers is not None:
            raise InvalidValue(f"{type(self).__name__} has no depth to choose, got layers={layers}")
        return len(self.decisions)

    @property
    def depth(self) -> int | None:
        """The largest number of layers that :meth:`length` takes; None if there is no choice."""
        return None

    # -- the open options ------------------------------------------------------------------------
    @cached_property
    def option_mask(self) -> np.ndarray:
        """True for each option that a decision has: bool, (decisions, max_options)."""
        counts = np.array([len(decision.options) for decision in self.decisions])
        return np.arange(self.max_options) < counts[:, None]

    def open_mask(self, tokens: np.ndarray) -> np.ndarray:
        """Return True for each option that is open after a prefix.

        Args:
            tokens: Prefixes of one length, int (m, t), t below the number of decisions.

        Returns:
            bool (m, max_options), at least one True a row; a fresh array.
        """
        mask = self.option_mask[tokens.shape[1]]
        return np.repeat(mask[None], len(tokens), axis=0)

    @cached_property
    def masks_are_static(self) -> bool:
        """True if no choice closes a later option, so that ``option_mask`` is the only mask."""
        return type(self).open_mask is SearchSpace.open_mask

    def open_masks(self, tokens: np.ndarray) -> np.ndarray:
        """Return the masks along whole sequences: int (m, t) -> bool (m, t, max_options)."""
        if self.masks_are_static:
            m, t = tokens.shape
            return np.broadcast_to(self.option_mask[:t], (m, t, self.max_options))
        return np.stack([self.open_mask(tokens[:, :i]) for i in range(tokens.shape[1])], axis=1)

    def open_options(self, prefix: Sequence[int] = ()) -> tuple[int, ...]:
        """Return the tokens that may follow ``prefix``.

        Raises:
            InvalidTokens: If the prefix is not one of this space, or already complete.
        """
        self.check_tokens(prefix)
        if len(prefix) >= len(self.decisions):
            raise InvalidTokens(f"nothing follows {len(prefix)} tokens: the architecture is whole")
        mask = self.open_mask(np.asarray(prefix, dtype=np.int64).reshape(1, -1))
        return tuple(int(token) for token in np.flatnonzero(mask[0]))

    def check_tokens(self, tokens: Sequence[int]) -> None:
        """Check that each token is an open option of its decision.

        Raises:
            InvalidTokens: If one is not; the message names the first.
        """
        static = self.option_mask if self.decisions and self.masks_are_static else None
        check_tokens(tokens, self.decisions, self.open_mask, static)

    # -- sampling --------------------------------------------------------------------------------
    def sample_batch(
        self, rng: np.random.Generator, count: int, layers: int | None = None
    ) -> np.ndarray:
        """Draw independent sequences, uniform over the open options: int64 (count, t)."""
        tokens = np.zeros((count, self.length(layers)), dtype=np.int64)
        for index in range(tokens.shape[1]):
            mask = self.open_mask(tokens[:, :index])
            rank = rng.integers(mask.sum(axis=1))
            tokens[:, index] = np.argmax(mask.cumsum(axis=1) > rank[:, None], axis=1)
        return tokens

    def sample(self, rng: np.random.Generator, layers: int | None = None) -> tuple[int, ...]:
        """Draw one sequence of tokens, each decision uniform over its open options.

        Example:
            >>> from search_spaces.convolutional import ConvolutionalSpace
            >>> space = ConvolutionalSpace(layers=2)
            >>> len(space.sample(np.random.default_rng(0))) == space.length()
            True
        """
        return tuple(int(token) for token in self.sample_batch(rng, 1, layers)[0])

    # -- architectures ---------------------------------------------------------------------------
    def from_json(self, text: str) -> Architecture:
        """Read an architecture from a JSON text, and check it against the options of this space.

        Raises:
            InvalidArchitecture: If the text is not the JSON of an architecture of this space;
                nothing is allocated before that is known.
        """
        architecture = self.parse(load_json(text))
        self.encode(architecture)
        return architecture

    def describe(self, tokens: np.ndarray) -> list[dict[str, Any]]:
        """Return the dictionaries of many architectures, from legal sequences, int (m, t)."""
        return [self.decode(row).to_dict() for row in tokens.tolist()]

    def widened(
        self, architecture: Architecture, add: int, scale: float
    ) -> tuple[Self, Architecture]:
        """Return a network with more filters in each layer, and the space that holds it.

        Args:
            architecture: Architecture of this space.
            add: Filters that each layer has more.
            scale: Factor of the filters of each layer, before those are added.

        Raises:
            InvalidValue: If the networks of the space have no filters.
        """
        raise InvalidValue(f"networks of space {self.name} have no filters to add or scale")

    # -- drawings --------------------------------------------------------------------------------
    def decode_prefix(self, tokens: Sequence[int]) -> tuple[Architecture | None, int]:
        """Decode as much of an unfinished sequence as possible.

        Returns:
            The architecture of the longest prefix that describes one, or None, and the length of
            that prefix.
        """
        if len(tokens) < len(self.decisions):
            return None, 0
        return self.decode(tokens), len(tokens)

    def graph_prefix(self, tokens: Sequence[int]) -> tuple[tuple[Vertex, ...], int]:
        """Return the boxes of an unfinished sequence, and the number of tokens that they show."""
        architecture, used = self.decode_prefix(tokens)
        return () if architecture is None else self.graph(architecture), used

    def graph(self, architecture: Architecture) -> tuple[Vertex, ...]:
        """Return the boxes and arrows of a drawing; by default a row with a box per decision."""
        choices = zip(self.decisions, self.encode(architecture), strict=False)
        return tuple(
            Vertex(d.name, str(d.options[token]), d.kind, (i - 1,) if i else ())
            for i, (d, token) in enumerate(choices)
        )

    def sized_graph(
        self, architecture: Architecture, input_shape: tuple[int, ...], outputs: int
    ) -> tuple[Vertex, ...]:
        """Return :meth:`graph` with shapes and parameters, where a space knows them of each box.

        Args:
            architecture: Architecture of this space, of any depth.
            input_shape: Shape of one example, without the batch.
            outputs: Number of classes or symbols.
        """
        return self.graph(architecture)

    # -- identity --------------------------------------------------------------------------------
    @cached_property
    def name(self) -> str:
        """The name by which :func:`search_spaces.make_space` finds this space."""
        return _catalogue.name_of(type(self), "search_spaces")

    @property
    def spec(self) -> dict[str, Any]:
        """Name and settings as plain JSON values; :func:`search_spaces.make_space` takes them."""
        return {"name": self.name, **plain(asdict(self))}

    @property
    def construction(self) -> dict[str, Any]:
        """Name and the settings that decide how a child is built from its architecture.

        Those of ``later_fields`` are left out where they have their default, which changes nothing:
        what a store holds from before there was the setting still answers.
        """
        spec, later = self.spec, self.later_defaults()
        named = ("name", *self.construction_fields)
        return {key: spec[key] for key in named if key not in later or spec[key] != later[key]}

    def taken_to(self, other: Self) -> Self:
        """Return the space that builds this space's networks on a task with a space of its own.

        Args:
            other: The space of that task; its other settings stay.

        Raises:
            InvalidValue: If it is a space of another kind.
        """
        if self.name != other.name:
            raise InvalidValue(
                f"the network is of space {self.name}, that of the task is {other.name}"
            )
        names, own = self.carried_fields, asdict(self)
        carried = self.construction_fields if names is None else names
        return replace(other, **{name: own[name] for name in carried})

    @classmethod
    def later_defaults(cls) -> dict[str, Any]:
        """Return the defaults of the settings of ``later_fields``, which older specs lack."""
        return {
            field.name: field.default for field in fields(cls) if field.name in cls.later_fields
        }
